# Doorbell: tells of commands that ran for a while.
if [[ -o interactive ]] && zmodload zsh/datetime 2>/dev/null; then
    autoload -Uz add-zsh-hook
    typeset -g __doorbell_line= __doorbell_started=

    __doorbell_preexec() {
        __doorbell_started=$EPOCHREALTIME
        # What the shell was asked not to remember, nobody is told either.
        [[ -o hist_ignore_space && $1 == ' '* ]] && __doorbell_line= || __doorbell_line=$1
    }

    __doorbell_precmd() {
        local code=$?
        [[ -n $__doorbell_started ]] || return
        local -i ms=$(( (EPOCHREALTIME - __doorbell_started) * 1000 ))
        __doorbell_started=
        (( ms < @THRESHOLD_MS@ )) && return
        command doorbell shell-report --duration-ms $ms --exit-code $code @IGNORE@ -- "$__doorbell_line" </dev/null >/dev/null 2>&1 &!
    }

    add-zsh-hook preexec __doorbell_preexec
    add-zsh-hook precmd __doorbell_precmd
fi
