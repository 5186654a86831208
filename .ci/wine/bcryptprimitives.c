/* What wine 8 lacks of bcryptprimitives.dll: the one function that Rust's standard library takes from it. */
typedef unsigned char BOOLEAN;
typedef unsigned long ULONG;
typedef unsigned long long SIZE_T;

__declspec(dllimport) BOOLEAN __stdcall SystemFunction036(void *to, ULONG len); /* RtlGenRandom */

__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *to, SIZE_T len)
{
    while (len > 0) {
        ULONG part = len > 0x10000000 ? 0x10000000 : (ULONG)len;
        if (!SystemFunction036(to, part))
            return 0;
        to += part;
        len -= part;
    }
    return 1;
}
