# Completion of trueup for fish: trueup completions fish > ~/.config/fish/completions/trueup.fish
function __trueup_complete
    set -l words (commandline --tokenize --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    command $words[1] __complete -- $words "$current" 2>/dev/null | while read -l line
        if test "$line" = ':'
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete --command trueup --no-files --arguments '(__trueup_complete)'
