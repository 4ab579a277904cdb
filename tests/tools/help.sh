#!/bin/sh
# help.sh TARN: every verb says what it is, what its options do, and gives an example; man page and completions name them all.
set -u
tarn=$1
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
bad=0
fail() { echo "$*"; bad=1; }

"$tarn" --help > "$work/overview" || fail "--help fails"
for page in man bash zsh; do "$tarn" __complete $page > "$work/$page" || fail "__complete $page fails"; done
sed 's/\\-/-/g' "$work/man" > "$work/plain"
verbs=$(sed -n 's/^  \([a-z]*\)  .*/\1/p' "$work/overview")
[ "$(echo "$verbs" | wc -l)" -ge 7 ] || fail "verbs: $verbs"
for verb in $verbs; do
  "$tarn" "$verb" --help > "$work/help" 2> "$work/err" || fail "$verb --help fails"
  [ -s "$work/err" ] && fail "$verb --help writes to standard error"
  head -1 "$work/help" | grep -q "^tarn $verb" || fail "$verb: no usage line"
  [ "$(sed -n 2p "$work/help" | wc -w)" -ge 3 ] || fail "$verb: no description"
  sed -n '/^Example:/{n;p;}' "$work/help" | grep -q "^  tarn $verb " || fail "$verb: no example that begins with tarn $verb"
  sed -n '4,/^Options:/p' "$work/help" | grep -q '[a-z]' || fail "$verb: no text"
  grep -q "^\\.SS \"tarn $verb" "$work/man" || fail "$verb: not in the man page"
  grep -q "^  '$verb:" "$work/zsh" || fail "$verb: not in zsh's completions"
  # An option with a long argument has its text in the next line.
  sed -n '/^Options:/,/^$/p' "$work/help" | grep '^  --' | while read -r option rest; do
    [ "$(sed -n "/^  $option\\( \\|\$\\)/{p;n;p;}" "$work/help" | tr '\n' ' ' | wc -w)" -ge 3 ] || echo "$verb $option: no text"
    grep -q -e "$option" "$work/bash" || echo "$verb $option: not in bash's completions"
    grep -q -e "'\\*$option\\[" "$work/zsh" || echo "$verb $option: not in zsh's completions"
    grep -q "^\\.B $option" "$work/plain" || echo "$verb $option: not in the man page"
  done > "$work/missing"
  [ -s "$work/missing" ] && { cat "$work/missing"; bad=1; }
done
if command -v bash > /dev/null; then
  words=$(bash -c '. "$0"; COMP_WORDS=(tarn run --backend ref); COMP_CWORD=3; _tarn; echo "${COMPREPLY[@]}"; COMP_WORDS=(tarn ck); COMP_CWORD=1
    _tarn; echo "${COMPREPLY[@]}"; COMP_WORDS=(tarn ckpt ver); COMP_CWORD=2; _tarn; echo "${COMPREPLY[@]}"' "$work/bash" | tr '\n' ' ')
  [ "$words" = 'reference ckpt verify ' ] || fail "bash completes to: $words"
fi
[ $bad -eq 0 ] && echo "every verb is documented"
exit $bad
