/* tally: count how often each line occurs, most frequent first.
 *
 *     tally [-n COUNT | -e] [FILE…]
 *
 * Like `sort | uniq -c | sort -rn`, in one pass and without sorting the input. With -e: how many bits
 * a line carries on average (the entropy of the input), 0 when all are the same. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef VERSION
#define VERSION "unreleased"
#endif

struct line {
    char *text;
    unsigned long count;
    unsigned long first; /* when it was seen first: equal counts keep the order of the input */
};

static struct line *table;
static size_t room, used;

static void *need(void *memory)
{
    if (memory == NULL) {
        fputs("tally: out of memory\n", stderr);
        exit(2);
    }
    return memory;
}

static size_t hash(const char *text)
{
    size_t value = 5381;
    while (*text)
        value = value * 33 + (unsigned char)*text++;
    return value;
}

static struct line *place(struct line *lines, size_t size, const char *text)
{
    size_t at = hash(text) & (size - 1);
    while (lines[at].text != NULL && strcmp(lines[at].text, text) != 0)
        at = (at + 1) & (size - 1);
    return &lines[at];
}

static void grow(void)
{
    size_t size = room ? room * 2 : 1024, i;
    struct line *bigger = need(calloc(size, sizeof *bigger));
    for (i = 0; i < room; i++)
        if (table[i].text != NULL)
            *place(bigger, size, table[i].text) = table[i];
    free(table);
    table = bigger;
    room = size;
}

static void add(const char *text)
{
    struct line *line;
    if (used * 2 >= room)
        grow();
    line = place(table, room, text);
    if (line->text == NULL) {
        size_t length = strlen(text) + 1;
        line->text = memcpy(need(malloc(length)), text, length);
        line->first = used++;
    }
    line->count++;
}

static int read_lines(const char *name)
{
    FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
    size_t size = 128, length = 0;
    char *text;
    int c;

    if (file == NULL) {
        perror(name);
        return 1;
    }
    text = need(malloc(size));
    do {
        c = getc(file);
        if (c == '\n' || (c == EOF && length > 0)) {
            text[length] = '\0';
            add(text);
            length = 0;
        } else if (c != EOF) {
            if (length + 2 > size)
                text = need(realloc(text, size *= 2));
            text[length++] = (char)c;
        }
    } while (c != EOF);
    free(text);
    if (file != stdin)
        fclose(file);
    return 0;
}

static int by_count(const void *one, const void *other)
{
    const struct line *a = one, *b = other;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return a->first < b->first ? -1 : 1;
}

static void report(unsigned long most)
{
    size_t i, filled = 0;
    for (i = 0; i < room; i++)
        if (table[i].text != NULL)
            table[filled++] = table[i];
    if (filled > 0)
        qsort(table, filled, sizeof *table, by_count);
    for (i = 0; i < filled && i < most; i++)
        printf("%7lu %s\n", table[i].count, table[i].text);
}

static void report_entropy(void)
{
    double lines = 0, bits = 0;
    size_t i;
    for (i = 0; i < room; i++)
        lines += table[i].count;
    for (i = 0; i < room; i++)
        if (table[i].count > 0)
            bits += table[i].count / lines * log2(lines / table[i].count);
    printf("%.3f bits per line\n", bits);
}

int main(int argc, char **argv)
{
    unsigned long most = (unsigned long)-1;
    int i = 1, failed = 0, entropy = 0;

    if (i < argc && strcmp(argv[i], "--version") == 0) {
        puts("tally " VERSION);
        return 0;
    }
    if (i < argc && strcmp(argv[i], "--help") == 0) {
        puts("usage: tally [-n COUNT | -e] [FILE...]");
        return 0;
    }
    if (i + 1 < argc && strcmp(argv[i], "-n") == 0) {
        most = strtoul(argv[i + 1], NULL, 10);
        i += 2;
    } else if (i < argc && strcmp(argv[i], "-e") == 0) {
        entropy = 1;
        i++;
    }
    if (i == argc)
        failed = read_lines("-");
    for (; i < argc; i++)
        failed |= read_lines(argv[i]);
    if (entropy)
        report_entropy();
    else
        report(most);
    return failed;
}
