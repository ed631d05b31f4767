# SPDX-License-Identifier: ISC
# Completes scp-sink-source and, once this has been read, scp by its whole path: what it is asked for, and
# the options of --serve and --explain with the words that they take.

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
	*) echo "=" ;;
	esac
}

_scp_sink_source_keys="upload-only download-only protocol commands root start overwrite replace partial
	sync symlinks hidden allow deny recursive mkdir list rename remove attributes make-links max-depth
	max-file-size max-session-bytes max-files min-free rate idle-timeout max-duration umask
	file-mode dir-mode modes times group log log-facility log-format log-required reveal sandbox originate"

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
	local word=$1 key
	if [[ $word = --*=* ]]; then
		key=${word%%=*}
		_scp_sink_source_value "${key#--}" "${word#*=}"
		# Where = is part of a word, what replaces it begins before.
		[[ $COMP_WORDBREAKS = *=* ]] || COMPREPLY=("${COMPREPLY[@]/#/$key=}")
		return
	fi
	_scp_sink_source_reply -P -- -W "$_scp_sink_source_keys" -- "${word#--}"
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

_scp_sink_source() {
	# With = between words, COMP_WORDS has an option in three pieces.
	local word=${COMP_LINE:0:COMP_POINT}
	word=${word##*[[:space:]]}
	COMPREPLY=()
	if [[ $COMP_CWORD -eq 1 ]]; then
		_scp_sink_source_reply -W "--serve --check --explain --version --help" -- "$word"
		return
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
	esac
}

complete -F _scp_sink_source scp-sink-source /usr/lib/scp-sink-source/scp
