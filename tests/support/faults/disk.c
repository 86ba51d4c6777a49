/* Loaded before libc into a hub: calls that write some of its files fail while the file that FAULTS names says so.
 *
 * It holds a call, an errno, how often, and a part of the files' paths, as in "sync 5 always doorbell.db" or
 * "write 28 once /logs/". */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fails(const char *call, int fd) {
    char link[64], path[4096], text[64] = {0}, asked[16], often[16], place[32];
    int code = 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    const char *control = getenv("FAULTS");
    if (size < 0 || control == NULL) return 0;
    path[size] = 0;
    if (strcmp(path, control) == 0) return 0;
    int file = open(control, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    size = read(file, text, sizeof text - 1);
    close(file);
    if (size <= 0 || sscanf(text, "%15s %d %15s %31s", asked, &code, often, place) != 4) return 0;
    if (strcmp(asked, call) != 0 || strstr(path, place) == NULL) return 0;
    if (strcmp(often, "once") == 0) unlink(control);
    errno = code;
    return 1;
}

int fsync(int fd) { return fails("sync", fd) ? -1 : (int)syscall(SYS_fsync, fd); }

int fdatasync(int fd) { return fails("sync", fd) ? -1 : (int)syscall(SYS_fdatasync, fd); }

ssize_t write(int fd, const void *bytes, size_t size) { return fails("write", fd) ? -1 : syscall(SYS_write, fd, bytes, size); }

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) { return fails("write", fd) ? -1 : syscall(SYS_pwrite64, fd, bytes, size, at); }

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) { return fails("write", fd) ? -1 : syscall(SYS_pwrite64, fd, bytes, size, at); }
