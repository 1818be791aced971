#compdef trueup
# Completion of trueup for zsh: trueup completions zsh > "${fpath[1]}/_trueup"
_trueup() {
    local line
    local -a found
    local files=0
    while IFS= read -r line; do
        if [[ $line == ':' ]]; then
            files=1
        else
            # _describe splits a candidate from its text at the first plain colon.
            local word=${line%%$'\t'*} about=${line#*$'\t'}
            found+=("${word//:/\\:}:$about")
        fi
    done < <(command "${words[1]}" __complete -- "${(@)words[1,CURRENT-1]}" "${words[CURRENT]}" 2>/dev/null)
    local result=1
    (( $#found )) && _describe -t values 'trueup' found && result=0
    (( files )) && _files && result=0
    return result
}
if [[ $funcstack[1] == _trueup ]]; then
    _trueup "$@"
else
    compdef _trueup trueup
fi
