/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errand/dial.h"

enum {
	USUAL_PORT = 22
};

static const char no_memory[] = "there is no memory";
static const char not_dbclient[] = "dbclient has no such option";
static const char no_hop[] = "a hop of dbclient's has none of / ^ %";

static __attribute__((format(printf, 2, 3))) const char *
add(struct dial *d, const char *fmt, ...)
{
	va_list args;
	int n;

	if (d->n == DIAL_WORDS)
		return "too many options";
	va_start(args, fmt);
	n = vasprintf(&d->argv[d->n], fmt, args);
	va_end(args);
	if (n == -1) {
		d->argv[d->n] = NULL;
		return no_memory;
	}
	d->argv[++d->n] = NULL;
	return NULL;
}

/* An option as ssh has it; dbclient lacks some, and has other words for others. */
static const char *
add_flag(struct dial *d, const struct errand_flag *f, bool dropbear)
{
	const char *why;

	if (dropbear && (f->letter == '4' || f->letter == '6' || f->letter == 'F'))
		return not_dbclient;
	if (f->letter == 'B')
		return add(d, "-oBatchMode=yes");
	if (dropbear && f->letter == 'C')
		return add(d, "-oCompression=yes");
	if (dropbear && f->letter == 'J')
		return NULL;	/* It is said with the host. */
	why = add(d, "-%c", f->letter);
	return why == NULL && f->value != NULL ? add(d, "%s", f->value) : why;
}

static const char *
add_flags(struct dial *d, const struct errand *e, bool dropbear, const char **where)
{
	for (size_t i = 0; i < e->nflags; i++) {
		const char *why = add_flag(d, &e->flags[i], dropbear);

		if (why != NULL) {
			*where = why == not_dbclient ? e->flags[i].letter == '4' ? "-4"
			    : e->flags[i].letter == '6' ? "-6" : "-F" : NULL;
			return why;
		}
	}
	return NULL;
}

static unsigned
port_of(const struct errand *e, const struct operand *host)
{
	return host->port != 0 ? host->port : e->port;
}

static const char *
add_port(struct dial *d, unsigned port)
{
	const char *why = port != 0 ? add(d, "-p") : NULL;

	return why != NULL || port == 0 ? why : add(d, "%u", port);
}

static const char *
add_user(struct dial *d, const char *user)
{
	const char *why = user[0] != '\0' ? add(d, "-l") : NULL;

	return why != NULL || user[0] == '\0' ? why : add(d, "%s", user);
}

/* The hops to go by, or NULL. */
static const char *
hops_of(const struct errand *e)
{
	for (size_t i = 0; i < e->nflags; i++)
		if (e->flags[i].letter == 'J' && strcmp(e->flags[i].value, "none") != 0)
			return e->flags[i].value;
	return NULL;
}

/* Makes of hops as ssh has them those of dbclient: a port is behind a slash, and no host in brackets. */
static void
rewrite_hops(char *hops)
{
	bool bracket = false;
	char *to = hops;

	for (const char *p = hops; *p != '\0'; p++) {
		if (*p == '[' || *p == ']')
			bracket = *p == '[';
		else if (*p == ':' && !bracket)
			*to++ = '/';
		else
			*to++ = *p;
	}
	*to = '\0';
}

/* Hops, and the host behind them, as dbclient has them: in one word. */
static const char *
add_route(struct dial *d, const struct errand *e, const struct operand *host, const char **where)
{
	const char *hops = hops_of(e), *why;
	unsigned port = port_of(e, host);
	char *route;

	if (hops == NULL)
		return add(d, "%s", host->host);
	*where = hops[0] == '-' || strpbrk(hops, "/^%") != NULL ? "-J" : host->said;
	if (strcmp(*where, "-J") == 0 || strpbrk(host->user, "/^,@%") != NULL)
		return no_hop;
	*where = NULL;
	route = strdup(hops);
	if (route == NULL)
		return no_memory;
	rewrite_hops(route);
	why = add(d, "%s,%s%s%s/%u", route, host->user, host->user[0] != '\0' ? "@" : "",
	    host->host,
	    port != 0 ? port : USUAL_PORT);
	free(route);
	return why;
}

static const char *
add_dbclient(struct dial *d, const struct dial_way *w, const struct errand *e,
    const struct operand *host, const char **where)
{
	const char *why;
	bool hops = hops_of(e) != NULL;

	if (strpbrk(host->host, "/^,@%") != NULL) {
		*where = host->said;
		return "a host of dbclient's has none of / ^ , @ %";
	}
	why = add_flags(d, e, true, where);
	if (why == NULL && !w->answered)
		why = add(d, "-oBatchMode=yes");
	if (why == NULL && !hops)
		why = add_port(d, port_of(e, host));
	if (why == NULL && !hops)
		why = add_user(d, host->user);
	return why == NULL ? add_route(d, e, host, where) : why;
}

/* What is ours is not to be changed by a file of the user's; what he says on the line counts. */
static const char *
add_words(struct dial *d, const char *const words[])
{
	const char *why = NULL;

	for (size_t i = 0; why == NULL && words[i] != NULL; i++)
		why = add(d, "%s", words[i]);
	return why;
}

static const char *
add_ssh(struct dial *d, const struct dial_way *w, const struct errand *e,
    const struct operand *host, const char **where)
{
	static const char *const ours[] = {
		"-x", "-oPermitLocalCommand=no", "-oClearAllForwardings=yes",
		"-oRemoteCommand=none",
		"-oRequestTTY=no", "-oControlMaster=no", NULL,
	};
	const char *why = add_words(d, ours);

	if (why == NULL)
		why = add_flags(d, e, false, where);
	if (why == NULL)
		why = add(d, "-oForwardAgent=no");
	if (why == NULL && !w->answered)
		why = add(d, "-oBatchMode=yes");
	if (why == NULL)
		why = add_port(d, port_of(e, host));
	if (why == NULL)
		why = add_user(d, host->user);
	if (why == NULL)
		why = add(d, "--");
	return why == NULL ? add(d, "%s", host->host) : why;
}

int
dial_host(struct dial *d, const struct dial_way *w, const struct errand *e,
    const struct operand *host, const char *command, const char **where, const char **why)
{
	d->n = 0;
	*where = NULL;
	*why = add(d, "%s", w->program);
	if (*why == NULL)
		*why = w->dropbear ? add_dbclient(d, w, e, host, where) : add_ssh(d, w, e, host, where);
	if (*why == NULL)
		*why = add(d, "%s", command);
	return *why == NULL ? 0 : -1;
}

static const char too_long[] = "its path is too long";

/* Why PATH is none that another scp may hand on, to whatever shell, as it is; or NULL. */
static const char *
deny_target(const char *path)
{
	char word[QUOTE_COMMAND_MAX];
	size_t dash = path[0] == '-' ? strlen("./") : 0;

	if (quote_path(word, sizeof(word), path, QUOTE_TARGET) == 0)
		return too_long;
	return strcmp(word + dash, path) == 0 ? NULL : "its path may mean something to a shell: use -3";
}

/* Appends to the command of LEN bytes; what does not fit is seen in the end. */
static __attribute__((format(printf, 3, 4))) void
append(char command[QUOTE_COMMAND_MAX], size_t *len, const char *fmt, ...)
{
	size_t left = *len < QUOTE_COMMAND_MAX ? QUOTE_COMMAND_MAX - *len : 0;
	va_list args;

	va_start(args, fmt);
	*len += (size_t)vsnprintf(left > 0 ? command + *len : NULL, left, fmt, args);
	va_end(args);
}

/*
 * Appends PATH, which is no operand at another host, however many colons it has, or what it is a pattern of:
 * 0, or -1.
 */
static int
append_source(char command[QUOTE_COMMAND_MAX], size_t *len, const struct errand *e,
    const char *path)
{
	size_t first = strcspn(path, "/:*?[");
	bool begins = path[first] != '\0' && path[first] != '/';
	char word[QUOTE_COMMAND_MAX];

	if (e->shell_text) {
		append(command, len, " %s%s", path[0] == '-' ? "-- " : "", path);
		return 0;
	}
	if (quote_path(word, sizeof(word), path, QUOTE_SOURCE) == 0)
		return -1;
	append(command, len, " %s%s", begins && strncmp(word, "./", 2) != 0 ? "./" : "", word);
	return 0;
}

/* Appends TARGET, which is at yet another host: 0, or -1. */
static int
append_target(char command[QUOTE_COMMAND_MAX], size_t *len, const struct operand *target)
{
	bool brackets = strchr(target->host, ':') != NULL;
	char text[QUOTE_COMMAND_MAX], word[QUOTE_COMMAND_MAX];
	int n = snprintf(text, sizeof(text), "%s%s%s%s%s:%s", target->user,
	    target->user[0] != '\0' ? "@" : "", brackets ? "[" : "", target->host,
	    brackets ? "]" : "",
	    target->path);

	if (n >= QUOTE_COMMAND_MAX || quote_path(word, sizeof(word), text, QUOTE_TARGET) == 0)
		return -1;
	append(command, len, " %s", word);
	return 0;
}

/* What that host's scp is asked to do; it may hand the target to another shell. */
static const char *
word_direct(char command[QUOTE_COMMAND_MAX], const struct errand *e, const struct operand *source)
{
	unsigned port = port_of(e, &e->target);
	const char *why = deny_target(e->target.path);
	size_t len = 0;

	if (why != NULL)
		return why;
	append(command, &len, "scp%s%s%s%s%s", e->verbose ? " -v" : "", e->recursive ? " -r" : "",
	    e->preserve ? " -p" : "", e->target_is_dir ? " -d" : "", e->quiet ? " -q" : "");
	if (e->rate > 0)
		append(command, &len, " -l %" PRIu64, e->rate * 8 / 1024);
	if (port != 0)
		append(command, &len, " -P %u", port);
	if (append_source(command, &len, e, source->path) == 0 &&
	    append_target(command, &len, &e->target) == 0 && len < QUOTE_COMMAND_MAX)
		return NULL;
	return too_long;
}

int
dial_direct(struct dial *d, const struct dial_way *w, const struct errand *e,
    const struct operand *source, const char **where, const char **why)
{
	char command[QUOTE_COMMAND_MAX];

	d->n = 0;
	d->argv[0] = NULL;
	*where = e->target.said;
	*why = word_direct(command, e, source);
	return *why == NULL ? dial_host(d, w, e, source, command, where, why) : -1;
}

void
dial_end(struct dial *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->argv[i]);
	d->n = 0;
}
