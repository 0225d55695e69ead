/* What stands for the program of the story. Rust's standard library of 2021 did the same: it used
 * __cxa_thread_atexit_impl where the C library has it (since 2.18), through a weak reference. */
#include <stdio.h>

extern int __cxa_thread_atexit_impl(void (*)(void *), void *, void *) __attribute__((weak));

int main(void)
{
    puts(__cxa_thread_atexit_impl ? "hello, with help of the C library" : "hello, without");
    return 0;
}
