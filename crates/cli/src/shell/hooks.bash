# Doorbell: tells of commands that ran for a while. PS0 is expanded when a command starts, without a process of its own.
if [[ $- == *i* && ${EPOCHREALTIME-} ]]; then
    __doorbell_none= __doorbell_started= __doorbell_entry=

    __doorbell_prompt() {
        local code=$? last=$_ started=$__doorbell_started now=${EPOCHREALTIME//[!0-9]/} line
        __doorbell_started=
        if [[ $started ]] && ((now - started >= @THRESHOLD_MS@ * 1000)); then
            line=$(HISTTIMEFORMAT= builtin history 1)
            # What the shell was asked not to remember, nobody is told either. A line that it has already is not remembered anew: then the
            # command ended with the last word of that line.
            if [[ $line == "$__doorbell_entry" && ${line##*[[:space:]]} != "$last" && ${HISTCONTROL-} == *ignore@(space|both)* ]]; then
                __doorbell_report "$(((now - started) / 1000))" "$code" ''
            else
                [[ $line =~ ^\ *[0-9]+\*?\ *(.*)$ ]]
                __doorbell_report "$(((now - started) / 1000))" "$code" "${BASH_REMATCH[1]}"
            fi
        fi
        [[ $started ]] && __doorbell_entry=$(HISTTIMEFORMAT= builtin history 1)
        return "$code"
    }

    __doorbell_report() {
        (command doorbell shell-report --duration-ms "$1" --exit-code "$2" @IGNORE@ -- "$3" </dev/null >/dev/null 2>&1 &)
    }

    PS0='${__doorbell_none:$((__doorbell_started=${EPOCHREALTIME//[!0-9]/}, 0)):0}'"${PS0-}"
    # First, as what comes later may change the exit code.
    if [[ $(declare -p PROMPT_COMMAND 2>/dev/null) == 'declare -a'* ]]; then
        PROMPT_COMMAND=(__doorbell_prompt "${PROMPT_COMMAND[@]}")
    else
        PROMPT_COMMAND="__doorbell_prompt${PROMPT_COMMAND:+; $PROMPT_COMMAND}"
    fi
fi
