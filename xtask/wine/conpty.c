// Wine 8 ends a pseudo console that is asked for with any flag. `portable-pty` asks for some, and prefers this library to the system's.
#include <windows.h>

typedef HRESULT(WINAPI *Create)(COORD, HANDLE, HANDLE, DWORD, void **);
typedef HRESULT(WINAPI *Resize)(void *, COORD);
typedef void(WINAPI *Close)(void *);

static FARPROC of_the_system(const char *name) { return GetProcAddress(GetModuleHandleA("kernel32.dll"), name); }

__declspec(dllexport) HRESULT WINAPI CreatePseudoConsole(COORD size, HANDLE in, HANDLE out, DWORD flags, void **console) {
    (void)flags;
    return ((Create)of_the_system("CreatePseudoConsole"))(size, in, out, 0, console);
}

__declspec(dllexport) HRESULT WINAPI ResizePseudoConsole(void *console, COORD size) {
    return ((Resize)of_the_system("ResizePseudoConsole"))(console, size);
}

__declspec(dllexport) void WINAPI ClosePseudoConsole(void *console) { ((Close)of_the_system("ClosePseudoConsole"))(console); }
