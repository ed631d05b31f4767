# SPDX-License-Identifier: ISC
#
#   make            build/scp
#   make try        build it and watch a real client use it through a real sshd
#   make check      build and run all tests; SAN=1 for AddressSanitizer and UBSan, CC=clang,
#                   SUITES="unit hostile" for some of them
#   make fuzz       look for inputs that break it, FUZZ_SECONDS=60 for each target,
#                   TARGETS="record sink" for some of them
#   make load       a hundred sessions at once, round after round; MINUTES=5
#   make bench      measure it against OpenSSH's scp; ROWS="start sshd" for some of the rows
#   make install    PREFIX=/usr/local, BINDIR=PREFIX/lib/scp-sink-source, SYSCONFDIR=/etc, DESTDIR
#   make uninstall  with the same of these
#   make static     build/static/scp: one file without any shared library, with musl; where static
#                   is one of the SUITES, make check builds it before
#   make deb        a Debian package in build/deb
#   make rpm        an RPM in build/rpm
#   make clean
#
# Each that does more than compile and copy installs the Debian packages that it lacks (packaging/need).

CC	?= cc
OUT	?= build$(if $(SAN),/san)
CFLAGS	?= -O2 -g

# Where it is installed.  sshd starts BINDIR/scp: a directory of its own, because other people's
# files are called scp, too.  The manual and the command for administrators are scp-sink-source.
PREFIX	?= /usr/local
BINDIR	?= $(PREFIX)/lib/scp-sink-source
SYSCONFDIR ?= /etc
MANDIR	?= $(PREFIX)/share/man
DOCDIR	?= $(PREFIX)/share/doc/scp-sink-source
COMPDIR	?= $(PREFIX)/share/bash-completion/completions
VERSION	:= $(shell sed -n 's/^.define VERSION "\(.*\)"$$/\1/p' scp-sink-source/version.h)

ROOMS	:= $(wildcard common/*/) scp-sink-source/ $(wildcard scp-sink-source/*/)
STD	:= -std=gnu17 -D_GNU_SOURCE -D_LARGEFILE64_SOURCE $(ROOMS:%=-I%) -Itests/unit
WARN	:= -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wformat=2 -Wundef \
	   -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wcast-qual \
	   -Wcast-align -Wwrite-strings -Wvla -Wnull-dereference -Wdouble-promotion -Werror

# What only some compilers, or some machines, know.
have	= $(shell $(CC) -Werror $(1) -x c -c /dev/null -o /dev/null 2>/dev/null && echo $(1))
EXTRA	:= $(call have,-Wlogical-op) $(call have,-Wduplicated-cond) $(call have,-Wduplicated-branches) \
	   $(call have,-Wjump-misses-init) $(call have,-fcf-protection) $(call have,-fstack-clash-protection)

# Whoever builds a package may say for all of his how far this one goes; said twice it is an error.
FORTIFY	:= $(if $(findstring _FORTIFY_SOURCE,$(CFLAGS) $(CPPFLAGS)),,-D_FORTIFY_SOURCE=3)
NETS	:= $(FORTIFY) -fstack-protector-strong -fPIE
ifdef SAN
HARDEN	:= -DSANITIZED -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LINK	:= -fsanitize=address,undefined
else
HARDEN	:= $(NETS)
LINK	:= -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed
endif
# libFuzzer steers by what of the program its inputs reach.
ifdef FUZZER
HARDEN	+= -fsanitize=fuzzer-no-link
endif
# The same bytes wherever it is built.
SAME	:= '-ffile-prefix-map=$(CURDIR)=.'
ALL	:= $(STD) $(WARN) $(EXTRA) $(HARDEN) $(SAME) $(CFLAGS) $(CPPFLAGS)

# libbsd brings a second library along, and to load both takes as long as a tenth of a start.  From
# its archive, where there is one, the linker takes the few functions that are called.
ARCHIVE	:= -l:libbsd.a -l:libmd.a
ifndef LIBBSD
LIBBSD	:= $(shell echo 'int main(void) { return 0; }' | \
	     $(CC) -x c - -o /dev/null $(ARCHIVE) 2>/dev/null && echo $(ARCHIVE) || echo -lbsd)
endif

# What only a sandbox needs is not to cost the other sessions anything, either.
ifndef LIBSECCOMP
LIBSECCOMP := $(shell echo 'int main(void) { return 0; }' | \
	     $(CC) -x c - -o /dev/null -l:libseccomp.a 2>/dev/null && echo -l:libseccomp.a || echo -lseccomp)
endif
LIBS	:= $(LIBBSD) -lacl $(LIBSECCOMP)

# Each module, and the modules it may use: its unit test is linked with these and no others.
wire	:= name record utf8 text
talk	:= $(wire) holes io clock pace deadline stream conn
paths	:= beneath dir root
walk	:= $(paths) trail
rules	:= utf8 pattern amount policy
USES_name	:=
USES_utf8	:=
USES_text	:= utf8
USES_record	:= name
USES_clock	:=
USES_pace	:= clock
USES_io		:=
USES_conn	:= $(wire) holes io clock pace deadline stream
USES_stream	:= holes io clock pace deadline
USES_holes	:=
USES_dir	:=
USES_beneath	:= dir
USES_follow	:= $(paths)
USES_root	:= beneath dir follow
USES_attrs	:= $(paths)
USES_trail	:=
USES_listing	:=
USES_snapshot	:= io
USES_words	:=
USES_pattern	:= utf8
USES_amount	:=
USES_account	:=
USES_policy	:= utf8 pattern amount
USES_kinds	:= amount account
USES_territory	:= account
USES_keys	:= utf8 pattern amount account policy kinds territory
USES_config	:= utf8 pattern amount account policy kinds territory keys $(paths)
USES_journal	:=
USES_audit	:= utf8 text clock journal
USES_deadline	:= clock
USES_request	:=
USES_session	:= $(talk) $(walk) $(rules) audit journal
USES_backup	:= $(paths)
USES_temp	:= $(paths) backup
USES_space	:=
USES_upload	:= attrs $(paths) backup temp space
USES_level	:= attrs $(paths)
USES_nest	:= attrs $(paths) level follow
USES_sink	:= $(talk) $(walk) $(rules) attrs audit journal session backup temp space upload level nest follow
USES_source	:= $(talk) $(walk) $(rules) audit journal listing snapshot session
USES_invocation := words
USES_sftp	:= io
USES_service	:= text $(walk) $(rules) account words listing kinds territory keys config \
		   clock audit journal expansion braces expand \
		   invocation request
USES_landlock	:=
USES_syscalls	:=
USES_sandbox	:= landlock syscalls
USES_explain	:= $(USES_service) service
USES_expansion	:=
USES_braces	:= expansion
USES_expand	:= expansion braces $(walk) $(rules) account words listing

MODULES	:= name utf8 text record holes io clock pace deadline stream conn $(paths) follow attrs \
	   trail listing snapshot words pattern amount account policy kinds territory keys config \
	   audit journal request session backup temp space upload level nest sink expansion braces expand \
	   landlock syscalls sandbox \
	   source invocation sftp service explain
OBJS	:= $(MODULES:%=$(OUT)/obj/%.o) $(OUT)/obj/main.o
TESTS	:= $(sort $(wildcard tests/unit/test_*.c tests/unit/*/test_*.c))
UNITS	:= $(patsubst test_%.c,%,$(notdir $(TESTS)))

# Each fuzz target is linked with its module and what that may use, with what is said here, and with
# whoever brings inputs: libFuzzer with FUZZER, else replay, which has those that are known.
FUZZ	:= record words pattern config sink source
FUZZ_words	:= obj/pattern obj/utf8
FUZZ_config	:= fuzz/scratch
FUZZ_sink	:= fuzz/scratch fuzz/talk
FUZZ_source	:= fuzz/scratch fuzz/talk
FUZZ_SECONDS	?= 60
MINUTES	?= 5

# The tests of the program, and those of what it is packed into, which build that by themselves, and
# which sanitizers do not change.
PACKAGES := static rpm deb container
SUITES	?= source hardening manual unit conformance hostile fuzz calls race fault load e2e restricted sandbox \
	   install examples $(if $(SAN),,$(PACKAGES))

.PHONY: all try check static load bench fuzz units tools fuzzers install uninstall deb rpm clean force
.DELETE_ON_ERROR:
all: $(OUT)/scp

$(OUT)/scp: $(OBJS)
	@echo "  LINK $@"
	@$(CC) $(ALL) $(LINK) $(LDFLAGS) -o $@ $(OBJS) $(LIBS)

# What has to be there before anything is compiled, for whoever says so.
AFTER	:=
vpath %.c $(ROOMS)
$(OUT)/obj/%.o: %.c Makefile $(AFTER)
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) $(ALL) -MMD -MP -c -o $@ $<

$(OUT)/obj/main.o: ALL += -DSYSCONFDIR='"$(SYSCONFDIR)"'
$(OUT)/obj/main.o: $(OUT)/sysconfdir
$(OUT)/sysconfdir: force
	@mkdir -p $(@D)
	@echo $(SYSCONFDIR) | cmp -s - $@ || echo $(SYSCONFDIR) >$@

units: $(UNITS:%=$(OUT)/unit/%)

define unit
$(OUT)/unit/$(1): $(OUT)/unit/$(1).o $(patsubst %,$(OUT)/obj/%.o,$(1) $(USES_$(1)))
	@echo "  LINK $$@"
	@$$(CC) $$(ALL) $$(LINK) $$(LDFLAGS) -o $$@ $$^ $$(LIBS) $$$$(pkg-config --libs check)
$(OUT)/unit/$(1).o: $(filter %/test_$(1).c,$(TESTS)) Makefile
	@mkdir -p $$(@D)
	@echo "  CC   $$<"
	@$$(CC) $$(ALL) -Wno-pedantic -MMD -MP -c -o $$@ $$<
endef
$(foreach u,$(UNITS),$(eval $(call unit,$(u))))

fuzzers: $(FUZZ:%=$(OUT)/fuzz/%)

define fuzz
$(OUT)/fuzz/$(1): $(patsubst %,$(OUT)/%.o,fuzz/$(1) $(FUZZ_$(1)) $(if $(FUZZER),,fuzz/replay) \
    $(addprefix obj/,$(1) $(USES_$(1))))
	@echo "  LINK $$@"
	@$$(CC) $$(ALL) $$(LINK) $(if $(FUZZER),-fsanitize=fuzzer) $$(LDFLAGS) -o $$@ $$^ $$(LIBS)
endef
$(foreach f,$(FUZZ),$(eval $(call fuzz,$(f))))
$(OUT)/fuzz/%.o: tests/fuzz/%.c Makefile
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) $(ALL) -MMD -MP -c -o $@ $<

# What plays a client, counts and measures.
tools: $(OUT)/bench/peer $(OUT)/bench/yardstick

$(OUT)/bench/peer: $(OUT)/bench/peer.o $(OUT)/bench/client.o $(OUT)/bench/server.o
$(OUT)/bench/yardstick: $(OUT)/bench/yardstick.o
$(OUT)/bench/peer $(OUT)/bench/yardstick:
	@echo "  LINK $@"
	@$(CC) $(ALL) $(LINK) $(LDFLAGS) -o $@ $^
$(OUT)/bench/%.o: tests/bench/%.c Makefile
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) $(ALL) -MMD -MP -c -o $@ $<

# What is missing is installed before anything is compiled, and so in a make of its own.
try:
	@packaging/need build try
	@$(MAKE) --no-print-directory all
	@tests/e2e/try $(OUT)/scp

check:
	@packaging/need build check $(if $(findstring clang,$(CC)),clang $(if $(SAN),clang-san))
	@$(if $(filter-out $(PACKAGES),$(SUITES)),$(MAKE) --no-print-directory all units tools fuzzers)
	@$(if $(filter static,$(SUITES)),$(MAKE) --no-print-directory static || echo "there is no static program")
	@SAN=$(SAN) tests/run $(OUT) $(SUITES)

# The same program, with musl and with libraries that were made for it.
MUSL	:= $(OUT)/musl
static:
	@packaging/need static
	@packaging/static $(MUSL) $(CFLAGS) $(NETS) $(filter -f%,$(EXTRA))
	@$(MAKE) --no-print-directory CC="gcc -specs=$(MUSL)/specs" OUT=$(OUT)/static SAN= FUZZER= \
	    CPPFLAGS="-isystem $(MUSL)/include -ffile-prefix-map=$(MUSL)=musl $(CPPFLAGS)" \
	    LDFLAGS="-L$(MUSL)/lib $(LDFLAGS)" LIBBSD=-lbsd LIBSECCOMP=-lseccomp AFTER=$(MUSL)/made all

fuzz:
	@packaging/need build fuzz clang-san
	@$(MAKE) --no-print-directory CC=clang SAN=1 FUZZER=1 OUT=$(OUT)/fuzzer \
	    CFLAGS="-O1 -g" fuzzers
	@tests/fuzz/hunt $(OUT)/fuzzer $(FUZZ_SECONDS) $(or $(TARGETS),$(FUZZ))

load:
	@packaging/need build load
	@$(MAKE) --no-print-directory all
	@SAN=$(SAN) tests/load/run $(OUT) --minutes $(MINUTES)

bench: $(filter static,$(or $(ROWS),static))
	@packaging/need build bench
	@$(MAKE) --no-print-directory all tools
	@tests/bench/run $(OUT) $(ROWS)

deb:
	@packaging/need build deb
	@packaging/deb $(OUT)/deb

install uninstall: export PREFIX := $(PREFIX)
install uninstall: export BINDIR := $(BINDIR)
install uninstall: export SYSCONFDIR := $(SYSCONFDIR)
install uninstall: export MANDIR := $(MANDIR)
install uninstall: export DOCDIR := $(DOCDIR)
install uninstall: export COMPDIR := $(COMPDIR)
install uninstall: export DESTDIR := $(DESTDIR)
install: all
	@packaging/place install $(OUT)/scp
uninstall:
	@packaging/place uninstall

# Where there is no apt-get there are RPMs of what it needs, and rpmbuild asks for them.
rpm:
	@! command -v apt-get >/dev/null || packaging/need build rpm
	@packaging/rpm $(OUT)/rpm

clean:
	rm -rf build

-include $(wildcard $(OUT)/obj/*.d $(OUT)/unit/*.d $(OUT)/bench/*.d \
    $(OUT)/fuzz/*.d)
