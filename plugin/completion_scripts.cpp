#include "plugin/completion_scripts.h"

#include <algorithm>

#include "plugin/own_name.h"

namespace migrate::plugin {
namespace {

// In all of them PROGRAM is the program's name, and FUNCTION the same as a name of shells may be.

// bash parts words at "=" and ":" where COMP_WORDBREAKS says so, and wants choices for the last part alone.
constexpr std::string_view kBash = R"sh(# bash completion for PROGRAM
_FUNCTION() {
  local -a words lines
  local current last directive prefix=
  read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
  [[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=('')
  mapfile -t lines < <("${1/#~\//$HOME/}" __complete "${words[@]:1}" 2>/dev/null)
  COMPREPLY=()
  ((${#lines[@]})) || return
  directive=${lines[-1]#:}
  unset 'lines[-1]'
  ((directive & 2)) && compopt -o nospace
  ((directive & 4)) && compopt +o default

  last=${words[-1]}
  # Choices of a flag's value come without the flag.
  [[ $last == -*=* && $COMP_WORDBREAKS != *=* ]] && prefix=${last%%=*}=
  current=${last#-*=}
  local cut=
  [[ $current == *:* && $COMP_WORDBREAKS == *:* ]] && cut=${current%"${current##*:}"}
  local line word about
  for line in "${lines[@]}"; do
    word=$prefix${line%%$'\t'*}
    word=${word#"$cut"}
    about=
    # Only where choices are listed and nothing is inserted: after a second TAB.
    [[ $line == *$'\t'* && ${#lines[@]} -gt 1 && $COMP_TYPE == 63 ]] && about="  (${line#*$'\t'})"
    COMPREPLY+=("$word$about")
  done
}
complete -o default -F _FUNCTION PROGRAM
)sh";

constexpr std::string_view kFish = R"sh(# fish completion for PROGRAM
function __FUNCTION_choices
    set -l current (commandline -ct)
    set -l words (commandline -opc)
    set -l lines ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
    set -q lines[1]; or return
    set -l choices
    set -q lines[2]; and set choices $lines[1..-2]
    # Choices of a flag's value come without the flag.
    set -l flag (string match -r -- '^-[^=]*=' "$current")
    # No choices, and the directive does not exclude files.
    test "$lines[1]" = :0; and set choices (__fish_complete_path (string replace -- "$flag" '' "$current"))
    for choice in $choices
        echo "$flag$choice"
    end
end
complete -c PROGRAM -e
complete -c PROGRAM -f -a '(__FUNCTION_choices)'
)sh";

constexpr std::string_view kZsh = R"sh(#compdef PROGRAM
_PROGRAM() {
  local -a lines choices space
  local line
  lines=("${(@f)$("${(Q)words[1]/#\~\//$HOME/}" __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  local directive=${lines[-1]#:}
  [[ -n $directive ]] || return 1
  # Choices of a flag's value come without the flag.
  [[ $PREFIX == -*=* ]] && compset -P 1 '*='
  if ((${#lines} == 1)); then
    ((directive & 4)) || _files
    return
  fi
  for line in "${(@)lines[1,-2]}"; do
    line=${line//:/\\:}
    choices+=("${line/$'\t'/:}")
  done
  ((directive & 2)) && space=(-S '')
  _describe -t choices choice choices "${(@)space}"
}
# As a file of $fpath this is run for each completion, else only read.
if [[ ${funcstack[1]} == _PROGRAM ]]; then
  _PROGRAM "$@"
else
  compdef _PROGRAM PROGRAM
fi
)sh";

std::string_view text_for(std::string_view shell) {
  if (shell == "fish") return kFish;
  return shell == "zsh" ? kZsh : kBash;
}

std::string replaced(std::string text, std::string_view mark, std::string_view by) {
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + by.size()))
    text.replace(at, mark.size(), by);
  return text;
}

}  // namespace

std::string completion_script(std::string_view shell, std::string_view program) {
  const std::string name(is_plain_file(program) ? program : kUsualFile);
  std::string identifier = name;
  std::replace_if(
      identifier.begin(), identifier.end(), [](char c) { return c == '-' || c == '.'; }, '_');
  return replaced(replaced(std::string(text_for(shell)), "FUNCTION", identifier), "PROGRAM", name);
}

}  // namespace migrate::plugin
