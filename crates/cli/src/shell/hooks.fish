# Doorbell: tells of commands that ran for a while.
if status is-interactive
    function __doorbell_postexec --on-event fish_postexec
        set -l code $status
        test "$CMD_DURATION" -ge @THRESHOLD_MS@ 2>/dev/null; or return
        # What the shell was asked not to remember, nobody is told either.
        set -l line (string match --invert --regex '^ ' -- "$argv[1]" | string collect)
        # Nothing that fish starts here has a process group of its own, even in the background: what ends fish (a window that is
        # closed, `exit`) and Ctrl-C at the next prompt would take a report along. `sh` starts it so that both leave it alone.
        command sh -c 'trap "" HUP; doorbell shell-report "$@" &' sh \
            --duration-ms $CMD_DURATION --exit-code $code @IGNORE@ -- "$line" </dev/null >/dev/null 2>&1
    end
end
