# SPDX-License-Identifier: ISC
#
#   make            build/scp
#   make try        build it and watch a real client use it through a real sshd
#   make check      build it and run the tests that prove it, side by side; SAN=1 for
#                   AddressSanitizer and UBSan, CC=clang, SUITES="unit hostile" for some of them,
#                   AT_ONCE=1 for one by one, LONG=1 for all that takes its time as well
#   make check-packages  the tests of what it is packed into, which build that: a static program, a
#                   Debian package, an RPM and a container
#   make fuzz       look for inputs that break it, FUZZ_SECONDS=60 for each target,
#                   TARGETS="record sink" for some of them
#   make load       a hundred sessions at once, round after round, and others made up at random that
#                   are compared with their log; MINUTES=5
#   make bench      measure it against OpenSSH's scp; ROWS="start sshd" for some of the rows
#   make install    PREFIX=/usr/local, BINDIR=PREFIX/lib/scp-sink-source, SYSCONFDIR=/etc, DESTDIR
#   make uninstall  with the same of these
#   make ORIGINATE=no OUT=build/sink  one that only serves others, and cannot start another program
#   make static     build/static/scp: one file without any shared library, with musl
#   make deb        a Debian package in build/deb
#   make rpm        an RPM in build/rpm
#   make clean
#
# Each that does more than compile and copy installs the Debian packages that it lacks (packaging/need),
# all of them before it begins.  tests/suites says what there is to check.

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

STD	:= -std=gnu17 -D_GNU_SOURCE -D_LARGEFILE64_SOURCE -Icommon -Iscp-sink-source -Itests/unit
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

# libbsd brings libmd along, and to load both takes as long as a tenth of a start.  From their
# archives, where there are any, the linker takes the few functions that are called.  libmd comes first:
# libbsd has functions of the same names, and warns of them; and last, for what libbsd takes of it.
ARCHIVE	:= -l:libmd.a -l:libbsd.a -l:libmd.a
ifndef LIBBSD
LIBBSD	:= $(shell echo 'int main(void) { return 0; }' | \
	     $(CC) -x c - -o /dev/null $(ARCHIVE) 2>/dev/null && echo $(ARCHIVE) || echo -lmd -lbsd)
endif

# What only a sandbox needs is not to cost the other sessions anything, either.
ifndef LIBSECCOMP
LIBSECCOMP := $(shell echo 'int main(void) { return 0; }' | \
	     $(CC) -x c - -o /dev/null -l:libseccomp.a 2>/dev/null && echo -l:libseccomp.a || echo -lseccomp)
endif
LIBS	:= $(LIBBSD) $(LIBSECCOMP)

# Who may use whom: each folder, or file that is in none, and the folders and files that it may
# include from besides its own.  tests/source holds the includes to this, the linker the unit tests:
# each is linked with its own folder and what that reaches.  A file that is added is found.
COMMON	:= text wire paths rules log cell
USES_text	:=
USES_wire	:= text
USES_paths	:=
USES_rules	:= text paths
USES_log	:= text wire/clock cell/pin
USES_cell	:=
USES_ask	:= $(COMMON)
USES_upload	:= $(COMMON)
USES_title	:= text
USES_session	:= $(COMMON) ask title
USES_sandbox	:= cell
USES_scp	:= $(COMMON) errand session upload
USES_deeds	:= $(COMMON) upload
USES_sftp	:= $(COMMON) deeds title
USES_commands	:= $(COMMON) ask deeds title
USES_process	:= wire log
USES_errand	:= text rules ask
USES_originate	:= $(COMMON) ask errand process sandbox scp session title upload
USES_copy	:= $(COMMON) ask commands deeds scp session title
USES_run	:= $(COMMON) ask commands copy deeds sandbox sftp title
USES_look	:= $(COMMON) ask process run sandbox
USES_explain	:= $(COMMON) ask commands look run
USES_deny	:= $(COMMON) ask process sftp
USES_main	:= ask process run explain deny version wire errand originate

ROOMS	:= $(patsubst USES_%,%,$(filter USES_%,$(.VARIABLES)))
# A program that shall not be able to start another one has one file in place of a folder.
ORIGINATE	?= yes
NONE	:= scp-sink-source/originate/none.c
kept	= $(if $(filter no,$(ORIGINATE)),$(filter-out scp-sink-source/originate/%,$(1)) $(filter $(NONE),$(1)),$(filter-out $(NONE),$(1)))
# The sources of folders and files that are named as above.
sources	= $(sort $(call kept,$(wildcard $(foreach top,common scp-sink-source,$(1:%=$(top)/%.c) $(1:%=$(top)/%/*.c)))))
objects	= $(patsubst %.c,$(OUT)/obj/%.o,$(call sources,$(1)))
# They, and all that they use, and what that uses.
reach	= $(if $(strip $(1)),$(sort $(1) $(call reach,$(foreach room,$(1),$(USES_$(room))))))

OBJS	:= $(patsubst %.c,$(OUT)/obj/%.o,$(call kept,$(wildcard common/*/*.c scp-sink-source/*.c scp-sink-source/*/*.c)))
UNITS	:= $(subst test_,,$(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/test_*.c tests/unit/*/test_*.c))))

# Each fuzz target is linked with the folder that it is about and what that uses, with what is said
# here, and with whoever brings inputs: libFuzzer with FUZZER, else replay, which has those that are known.
FUZZ	:= record greeting operand words script pattern packet config sink source relay sftp
FUZZ_record	:= wire
FUZZ_greeting	:= originate
FUZZ_operand	:= errand
FUZZ_words	:= text
FUZZ_script	:= commands
FUZZ_pattern	:= text
FUZZ_packet	:= sftp
FUZZ_config	:= rules
FUZZ_sink	:= scp
FUZZ_source	:= scp
FUZZ_relay	:= scp errand $(addprefix originate/,relay hello greeting notice)
FUZZ_sftp	:= sftp
WITH_config	:= scratch
WITH_sink	:= scratch talk
WITH_source	:= scratch talk
WITH_relay	:= talk
WITH_sftp	:= scratch
FUZZ_SECONDS	?= 60
MINUTES	?= 5

# Those of tests/suites that prove the program, and those of what it is packed into.  Sanitizers
# take the place of what hardening looks at, make calls of their own, and races are about the kernel.
suites	= $(shell awk '$$2 == "$(1)" { print $$1 }' tests/suites)
PROGRAM	:= $(filter-out $(if $(SAN),hardening calls race),$(call suites,program))
MADE	:= $(call suites,packages)
PACKAGES := $(MADE) $(call suites,others)
SUITES	?= $(PROGRAM)

.PHONY: all try check check-packages static load bench fuzz uses units tools fuzzers install uninstall deb rpm clean force
.DELETE_ON_ERROR:
all: $(OUT)/scp

$(OUT)/scp: $(OBJS)
	@echo "  LINK $@"
	@$(CC) $(ALL) $(LINK) $(LDFLAGS) -o $@ $(OBJS) $(LIBS)

# What has to be there before anything is compiled, for whoever says so.
AFTER	:=
$(OUT)/obj/%.o: %.c Makefile $(AFTER)
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) $(ALL) -MMD -MP -c -o $@ $<

$(OUT)/obj/scp-sink-source/main.o: ALL += -DSYSCONFDIR='"$(SYSCONFDIR)"'
$(OUT)/obj/scp-sink-source/main.o: $(OUT)/sysconfdir
$(OUT)/sysconfdir: force
	@mkdir -p $(@D)
	@echo $(SYSCONFDIR) | cmp -s - $@ || echo $(SYSCONFDIR) >$@

units: $(UNITS:%=$(OUT)/unit/%)

# Who may use whom, a line each, for tests/source.
uses:
	@$(foreach room,$(ROOMS),echo $(room): $(USES_$(room));)

define unit
$(OUT)/unit/$(1): $(OUT)/unit/$(1).o \
    $(call objects,$(call reach,$(if $(findstring /,$(1)),$(patsubst %/,%,$(dir $(1))),$(1))))
	@echo "  LINK $$@"
	@$$(CC) $$(ALL) $$(LINK) $$(LDFLAGS) -o $$@ $$^ $$(LIBS) -lacl $$$$(pkg-config --libs check)
$(OUT)/unit/$(1).o: tests/unit/$(dir $(1))test_$(notdir $(1)).c Makefile
	@mkdir -p $$(@D)
	@echo "  CC   $$<"
	@$$(CC) $$(ALL) -Wno-pedantic -MMD -MP -c -o $$@ $$<
endef
$(foreach u,$(UNITS),$(eval $(call unit,$(u))))

fuzzers: $(FUZZ:%=$(OUT)/fuzz/%)

define fuzz
$(OUT)/fuzz/$(1): $(patsubst %,$(OUT)/fuzz/%.o,$(1) $(WITH_$(1)) $(if $(FUZZER),,replay)) \
    $(call objects,$(call reach,$(FUZZ_$(1))))
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

$(OUT)/bench/peer: $(addprefix $(OUT)/bench/,peer.o client.o server.o sftp.o)
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
	@packaging/need build $(SUITES:%=suite:%) $(if $(findstring clang,$(CC)),clang $(if $(SAN),clang-san))
	@$(if $(filter-out $(MADE),$(SUITES)),$(MAKE) --no-print-directory all units tools fuzzers)
	@$(if $(filter static,$(SUITES)),$(MAKE) --no-print-directory static || echo "there is no static program")
	@SAN=$(SAN) tests/run $(OUT) $(SUITES)

check-packages:
	@$(MAKE) --no-print-directory check SUITES="$(PACKAGES)"

# The same program, with musl and with libraries that were made for it.
MUSL	:= $(OUT)/musl
static:
	@packaging/need static
	@packaging/static $(MUSL) $(CFLAGS) $(NETS) $(filter -f%,$(EXTRA))
	@$(MAKE) --no-print-directory CC="gcc -specs=$(MUSL)/specs" OUT=$(OUT)/static SAN= FUZZER= \
	    CPPFLAGS="-isystem $(MUSL)/include -ffile-prefix-map=$(MUSL)=musl $(CPPFLAGS)" \
	    LDFLAGS="-L$(MUSL)/lib $(LDFLAGS)" LIBBSD="-lmd -lbsd -lmd" LIBSECCOMP=-lseccomp AFTER=$(MUSL)/made all

fuzz:
	@packaging/need build fuzz clang-san
	@$(MAKE) --no-print-directory CC=clang SAN=1 FUZZER=1 OUT=$(OUT)/fuzzer \
	    CFLAGS="-O1 -g" fuzzers
	@tests/fuzz/hunt $(OUT)/fuzzer $(FUZZ_SECONDS) $(or $(TARGETS),$(FUZZ))

load:
	@packaging/need build load
	@$(MAKE) --no-print-directory all
	@SAN=$(SAN) tests/load/run $(OUT) --minutes $(MINUTES)
	@tests/records/run $(OUT) --minutes $(MINUTES)

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

-include $(OBJS:.o=.d) $(wildcard $(OUT)/unit/*.d $(OUT)/unit/*/*.d $(OUT)/bench/*.d $(OUT)/fuzz/*.d)
