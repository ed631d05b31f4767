# SPDX-License-Identifier: ISC
# Completes scp-sink-source and, once this has been read, scp by its whole path, and by its name where that is
# this one: what it is asked for; options with the words that they take; files here, hosts, and files there.

# What a key takes: words, or = where a value is to be typed; nothing for those that take none.
_scp_sink_source_values() {
	case $1 in
	upload-only | download-only) ;;
	protocol) echo "both scp sftp" ;;
	overwrite) echo "yes backup no" ;;
	replace) echo "auto atomic in-place" ;;
	sync) echo "none file full" ;;
	symlinks) echo "beneath never" ;;
	commands | hidden | recursive | mkdir | make-links | originate | log-required | reveal) echo "yes no" ;;
	list | rename | remove | attributes) echo "yes own no" ;;
	modes) echo "client inherit" ;;
	times) echo "client ignore" ;;
	log) echo "syslog stderr none" ;;
	log-facility) echo "auth authpriv daemon user" local{0..7} ;;
	log-format) echo "text json" ;;
	sandbox) echo "none try require" ;;
	progress) echo "auto none files total json" ;;
	update) ;;
	*) echo "=" ;;
	esac
}

_scp_sink_source_keys="upload-only download-only protocol commands root start overwrite replace partial
	sync symlinks hidden allow deny recursive mkdir list rename remove attributes make-links max-depth
	max-file-size max-session-bytes max-files min-free rate idle-timeout max-duration umask
	file-mode dir-mode modes times group log log-facility log-format log-required reveal sandbox originate"

# Those of whoever copies.
_scp_sink_source_copying="exclude include update progress overwrite replace sync symlinks hidden mkdir max-depth
	max-file-size max-session-bytes max-files min-free rate idle-timeout max-duration umask file-mode dir-mode
	modes times group sandbox"

# Replies with names of the kind that compgen has for an option, one a line.
_scp_sink_source_reply() {
	mapfile -t COMPREPLY < <(compgen "$@")
}

_scp_sink_source_value() {
	local key=$1 begun=$2
	case $key in
	root | start)
		# A directory goes on, also where it is not all of the word.
		compopt -o filenames -o nospace
		_scp_sink_source_reply -S / -d -- "$begun"
		;;
	group) _scp_sink_source_reply -g -- "$begun" ;;
	*)
		local words
		words=$(_scp_sink_source_values "$key")
		[[ $words = "=" ]] || _scp_sink_source_reply -W "$words" -- "$begun"
		;;
	esac
}

_scp_sink_source_option() {
	local word=$1 keys=${2:-$_scp_sink_source_keys} key
	if [[ $word = --*=* ]]; then
		key=${word%%=*}
		_scp_sink_source_value "${key#--}" "${word#*=}"
		# Where = is part of a word, what replaces it begins before.
		[[ $COMP_WORDBREAKS = *=* ]] || COMPREPLY=("${COMPREPLY[@]/#/$key=}")
		return
	fi
	_scp_sink_source_reply -P -- -W "$keys" -- "${word#--}"
	[[ ${#COMPREPLY[@]} -ne 1 || -z $(_scp_sink_source_values "${COMPREPLY[0]#--}") ]] || {
		compopt -o nospace
		COMPREPLY[0]+="="
	}
}

# The options of --serve, and whose they are to be.
_scp_sink_source_explain() {
	if [[ $1 = --user=* ]]; then
		_scp_sink_source_reply -u -- "${1#--user=}"
		[[ $COMP_WORDBREAKS = *=* ]] || COMPREPLY=("${COMPREPLY[@]/#/--user=}")
		return
	fi
	_scp_sink_source_option "$1"
	if [[ $1 = --u* && --user= = "$1"* ]]; then
		compopt -o nospace
		COMPREPLY+=(--user=)
	fi
}

# Hosts that ssh knows by name, one a line.
_scp_sink_source_hosts() {
	{
		sed -n 's/^[[:blank:]]*[Hh][Oo][Ss][Tt][[:blank:]=]\{1,\}//p' ~/.ssh/config /etc/ssh/ssh_config |
			tr -s '[:blank:]"' '\n'
		sed 's/^@[^[:blank:]]*[[:blank:]]*//; s/[[:blank:]].*//' ~/.ssh/known_hosts /etc/ssh/ssh_known_hosts |
			tr ',' '\n' | sed 's/^\[\(.*\)\]:[0-9]*$/\1/'
	} 2>/dev/null | grep '^[[:alnum:]][[:alnum:]._-]*$' | sort -u
}

# What of the WORD readline has done with, because it breaks words there, is left out of the replies.
_scp_sink_source_trim() {
	local word=$1 break begun='' part
	for break in @ : =; do
		[[ $COMP_WORDBREAKS = *"$break"* && $word = *"$break"* ]] || continue
		# A word may begin with an @, for bash knows hosts by that.
		part=${word%"$break"*}${break#@}
		[[ ${#part} -le ${#begun} ]] || begun=$part
	done
	COMPREPLY=("${COMPREPLY[@]#"$begun"}")
}

# Adds PREFIX, and each of the lines that come as it is typed, a blank behind it where it is no directory.
_scp_sink_source_add() {
	local name
	while IFS= read -r name; do
		printf -v name %q "$name"
		[[ $name = */ ]] || name+=" "
		COMPREPLY+=("$1$name")
	done
}

# A word without its backslashes.
_scp_sink_source_bare() {
	printf '%s\n' "$1" | sed 's/\\\(.\)/\1/g'
}

# Files at HOST whose path begins with BEGUN, as scp is told of them.  Whoever would have to be asked is not.
_scp_sink_source_there() {
	local host=$1 begun=$2
	begun=$(_scp_sink_source_bare "$begun")
	[[ $begun != "~"* ]] || return
	[[ $begun != -* ]] || begun=./$begun
	begun=$(LC_ALL=C sed "s,[^][:alnum:]_/.+:@\200-\377,-],\\\\&,g" <<<"$begun")
	ssh -o BatchMode=yes -o ConnectTimeout=5 -o ClearAllForwardings=yes -- "$host" "ls -dp $begun*" 2>/dev/null \
		</dev/null | sed 's/[][*?\\]/\\&/g'
}

# A file here, a host, or a file there.
_scp_sink_source_operand() {
	local word=$1 host user='' path name
	compopt -o nospace
	if [[ $word = [!:/.~]*:* && ${word%%:*} != */* ]]; then
		host=${word%%:*} path=$(_scp_sink_source_bare "${word#*:}")
		_scp_sink_source_add "$host:" < <(_scp_sink_source_there "$host" "$path")
		return
	fi
	if [[ $word != */* ]]; then
		[[ $word != *@* ]] || user=${word%@*}@
		while IFS= read -r name; do
			COMPREPLY+=("$user$name:")
		done < <(compgen -W "$(_scp_sink_source_hosts)" -- "${word##*@}")
	fi
	name=$(_scp_sink_source_bare "$word")
	_scp_sink_source_add "" < <(compgen -f -- "$name" | while IFS= read -r path; do
		[[ ! -d $path ]] || path+=/
		printf '%s\n' "$path"
	done)
}

# Whether one of the options before asks for what a server does.
_scp_sink_source_serves() {
	local word
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ $word = -* ]] || return 1
		[[ $word != -[!-]* || $word != *[tf]* ]] || return 0
	done
	return 1
}

# What a copy may have at this place.
_scp_sink_source_copy() {
	local word=$1
	case ${COMP_WORDS[COMP_CWORD-1]} in
	-[FiS])
		compopt -o filenames
		_scp_sink_source_reply -f -- "$word"
		return
		;;
	-J)
		_scp_sink_source_reply -W "$(_scp_sink_source_hosts)" -- "$word"
		return
		;;
	-c)
		_scp_sink_source_reply -W "$(ssh -Q cipher 2>/dev/null)" -- "$word"
		return
		;;
	-[DloPX]) return ;;
	esac
	case $word in
	--*) _scp_sink_source_option "$word" "$_scp_sink_source_copying" ;;
	-*) ;;
	"~"* | *[\"\']*) compopt -o default ;;
	*)
		_scp_sink_source_operand "$word"
		_scp_sink_source_trim "$word"
		;;
	esac
}

_scp_sink_source() {
	# With = between words, COMP_WORDS has an option in three pieces.
	local word=${COMP_LINE:0:COMP_POINT} last='(([^[:space:]\\]|\\.)*)$'
	[[ ! $word =~ $last ]] || word=${BASH_REMATCH[1]}
	COMPREPLY=()
	if [[ $COMP_CWORD -eq 1 && $word = -* ]]; then
		_scp_sink_source_reply -W "--serve --check --explain --version --help" -- "$word"
		[[ ${#COMPREPLY[@]} -eq 0 ]] || return
	fi
	case ${COMP_WORDS[1]}:$COMP_CWORD in
	--check:2)
		compopt -o filenames
		_scp_sink_source_reply -f -- "$word"
		;;
	--check:3) _scp_sink_source_reply -u -- "$word" ;;
	--explain:2) ;;
	--explain:*) _scp_sink_source_explain "$word" ;;
	--serve:*) _scp_sink_source_option "$word" ;;
	--version:* | --help:*) ;;
	*) _scp_sink_source_serves || _scp_sink_source_copy "$word" ;;
	esac
}

complete -F _scp_sink_source scp-sink-source /usr/lib/scp-sink-source/scp
if [[ $(readlink -f "$(type -P scp)") = */scp-sink-source/scp ]]; then
	complete -F _scp_sink_source scp
fi
