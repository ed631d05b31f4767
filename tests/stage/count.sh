# SPDX-License-Identifier: ISC
# For suites in bash: counts checks, says what failed or was skipped and why, and ends with the line
# that tests/run reads.  It is sourced, and keeps three numbers.
# shellcheck shell=bash
passed=0 failed=0 skipped=0

pass() {
	passed=$((passed + 1))
}

# What was checked, what was expected and what came; it fails, for whoever goes by that.
fail() {
	failed=$((failed + 1))
	printf 'FAIL %s\nexpected: %s\ngot: %s\n' "$1" "$2" "$3"
	return 1
}

# What this machine cannot do, and why.
skip() {
	skipped=$((skipped + 1))
	echo "SKIP $1: $2"
}

# What others have counted: passed, failed, skipped.
add() {
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + ${3:-0}))
}

# The last line of the suite of that name, and its exit status.
end() {
	echo "$1: $passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ]
	exit
}
