# press-tab.zsh SETUP LINE: what LINE is after <Tab> in a zsh at a terminal of its own, which has run SETUP first; then each
# thing that was offered.
zmodload zsh/zpty
setup=$1 line=$2 out=$(mktemp -d)
zpty inner zsh -f -i
zpty -w inner "PROMPT= RPROMPT=; setopt no_beep; $setup"
zpty -w inner "compadd() {
  local -a offered
  if [[ \${@[(I)-(O|A|D)*]} -eq 0 ]]; then builtin compadd -A offered \"\$@\"; print -rl -- \$offered >>$out/offered; fi
  builtin compadd \"\$@\"
}"
zpty -w inner "tell() { print -r -- \"\$BUFFER\" >$out/line.new; mv $out/line.new $out/line }; zle -N tell; bindkey '^X^T' tell"
zpty -w inner 'print ready-$((1 + 1))'
zpty -r -m inner said '*ready-2*'
zpty -w -n inner "$line"$'\t\x18\x14'
for try in {1..200}; do
  [[ -e $out/line ]] && break
  sleep 0.05
done
print -r -- "$(<$out/line)|"
[[ -e $out/offered ]] && grep . $out/offered | sort -u
zpty -d inner
rm -r $out
