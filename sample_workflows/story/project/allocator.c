/* What stands for jemalloc: code that takes glibc for granted. */
#include <malloc.h>

unsigned long allocated(void)
{
    struct mallinfo info = mallinfo();
    return (unsigned long)info.uordblks;
}
