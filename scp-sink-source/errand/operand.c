/* SPDX-License-Identifier: ISC */
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "errand/operand.h"

#define SCHEME "scp://"

static const char no_form[] = "no such host form";
static const char no_escape[] = "a % is followed by two hexadecimal digits, and they are not 00";
static const char no_port[] = "a port is a number from 1 to 65535";
static const char no_name[] = "no user, and no host, is called so";

/* What no shell, and no option, is to be made of. */
static bool
is_sane(const char *name, const char *besides)
{
	if (name[0] == '-')
		return false;
	for (const char *p = name; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == '\177' ||
		    strchr("'`\";&<>|(){}", *p) != NULL || strchr(besides, *p) != NULL)
			return false;
	return true;
}

static bool
is_sane_user(const char *user)
{
	size_t len = strlen(user);

	return is_sane(user, "") && strstr(user, " -") == NULL &&
	    (len == 0 || user[len - 1] != '\\');
}

/* The colon that ends the host of TEXT, or NULL: then it is a path here. */
static char *
find_colon(char *text)
{
	bool bracket = false;

	for (char *p = text; *p != '\0' && *p != '/'; p++) {
		if (*p == '[' && (p == text || p[-1] == '@'))
			bracket = true;
		else if (*p == ']' && p[1] == ':')
			bracket = false;
		else if (*p == ':' && !bracket)
			return p == text ? NULL : p;
	}
	return NULL;
}

/* Takes the brackets off a host that has them on both sides. */
static char *
strip_brackets(char *host)
{
	size_t len = strlen(host);

	if (len < 2 || host[0] != '[' || host[len - 1] != ']')
		return host;
	host[len - 1] = '\0';
	return host + 1;
}

/* "[USER@]HOST", which is cut in two. */
static void
take_host(struct operand *o, char *text)
{
	char *at = strrchr(text, '@');

	o->user = "";
	o->host = strip_brackets(at != NULL ? at + 1 : text);
	if (at == NULL)
		return;
	*at = '\0';
	o->user = text;
}

static int
digit_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
	    : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undoes escapes where they stand; a PATH has blanks that are written as "+". */
static bool
decode(char *text, bool path)
{
	char *to = text;

	for (const char *p = text; *p != '\0'; p++) {
		int high, low;

		if (*p != '%') {
			*to = *p;
			if (path && *p == '+')
				*to = ' ';
			to++;
			continue;
		}
		high = digit_of(p[1]);
		low = high == -1 ? -1 : digit_of(p[2]);
		if (low == -1 || high + low == 0)
			return false;
		*to++ = (char)(high * 16 + low);
		p += 2;
	}
	*to = '\0';
	return true;
}

/* Cuts ":PORT" off a host, outside of its brackets. */
static const char *
take_port(struct operand *o, char *authority)
{
	char *host = strrchr(authority, '@'), *colon;
	const char *error;

	host = host != NULL ? host + 1 : authority;
	colon = strrchr(host, ':');
	if (colon == NULL || strchr(colon, ']') != NULL)
		return NULL;
	*colon = '\0';
	o->port = (unsigned)strtonum(colon + 1, 1, 65535, &error);
	return error == NULL && colon[1] >= '0' && colon[1] <= '9' ? NULL : no_port;
}

/* Here only brackets keep the colons of a host from being that of a port, and they are in pairs. */
static bool
is_uri_host(const char *authority)
{
	const char *at = strrchr(authority, '@'), *host = at != NULL ? at + 1 : authority;
	size_t len = strlen(host);

	if (host[0] != '[')
		return strpbrk(host, ":[]") == NULL;
	return strcspn(host + 1, "[]") + 2 == len && host[len - 1] == ']';
}

/* What a user's name has behind it is for others. */
static void
drop_parameters(char *authority)
{
	char *at = strrchr(authority, '@'), *semicolon = strchr(authority, ';');

	if (at != NULL && semicolon != NULL && semicolon < at)
		memmove(semicolon, at, strlen(at) + 1);
}

static const char *
take_uri(struct operand *o, char *text)
{
	char *slash = strchr(text, '/'), *path = slash != NULL ? slash + 1 : NULL;
	const char *why;

	if (slash != NULL)
		*slash = '\0';
	o->remote = true;
	drop_parameters(text);
	why = take_port(o, text);
	if (why == NULL && !is_uri_host(text))
		why = no_form;
	if (why != NULL)
		return why;
	take_host(o, text);
	/* Each by itself: what an escape stands for means nothing more. */
	if ((o->user[0] != '\0' && !decode(text, false)) ||
	    !decode(o->text + (o->host - o->text), false) || (path != NULL && !decode(path, true)))
		return no_escape;
	o->path = path != NULL && path[0] != '\0' ? path : ".";
	return NULL;
}

static const char *
take_text(struct operand *o, char *text)
{
	char *colon = find_colon(text);

	o->path = text;
	if (colon == NULL)
		return NULL;
	*colon = '\0';
	o->remote = true;
	o->path = colon[1] != '\0' ? colon + 1 : ".";
	take_host(o, text);
	return NULL;
}

static const char *
parse(struct operand *o)
{
	bool uri = strncmp(o->text, SCHEME, strlen(SCHEME)) == 0;
	const char *why = uri ? take_uri(o, o->text + strlen(SCHEME)) : take_text(o, o->text);

	if (why != NULL || !o->remote)
		return why;
	if (o->host[0] == '\0')
		return no_form;
	return is_sane_user(o->user) && is_sane(o->host, "$\\, /@") ? NULL : no_name;
}

int
operand_parse(struct operand *o, const char *said, const char **why)
{
	*o = (struct operand){ .said = said, .text = strdup(said), .user = "", .host = "", .path = "" };
	*why = o->text == NULL ? "there is no memory" : parse(o);
	if (*why == NULL)
		return 0;
	operand_end(o);
	return -1;
}

int
operand_descriptor(const struct operand *o)
{
	static const char *const names[] = { "/dev/stdin", "/dev/stdout", "/dev/stderr" };
	static const char *const dirs[] = { "/dev/fd/", "/proc/self/fd/" };
	const char *number, *error;
	int fd;

	for (int i = 0; !o->remote && i < (int)(sizeof(names) / sizeof(names[0])); i++)
		if (strcmp(o->path, names[i]) == 0)
			return i;
	for (size_t i = 0; !o->remote && i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		number = o->path + strlen(dirs[i]);
		if (strncmp(o->path, dirs[i], strlen(dirs[i])) != 0 || number[strspn(number, "0123456789")] != '\0')
			continue;
		fd = (int)strtonum(number, 0, INT_MAX, &error);
		return error == NULL ? fd : -1;
	}
	return -1;
}

void
operand_end(struct operand *o)
{
	free(o->text);
	o->text = NULL;
	o->user = o->host = o->path = "";
}
