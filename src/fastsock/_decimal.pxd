# Numbers with a fraction as text, digit for digit what Python's `g` and `f` formats make: the exact
# value is rounded, half to even. Nothing of the locale, no memory, no GIL.

cdef extern from *:
    """
    #ifndef FS_DECIMAL
    #define FS_DECIMAL
    #include <stddef.h>
    #include <string.h>
    typedef unsigned __int128 fs_wide;

    /* x * 10**scale as a whole number. 0 <= x < 2**96; the result fits into 128 bits. */
    static inline fs_wide fs_scaled(double x, int scale)
    {
        unsigned long long bits;
        int exponent, i;
        fs_wide number, unit = 1, rest, half;
        memcpy(&bits, &x, 8);
        exponent = (int)(bits >> 52) - 1075;
        number = (bits & ((1ULL << 52) - 1)) | 1ULL << 52; /* a subnormal one comes to 0 anyhow */
        for (i = 0; i < scale; i++)
            number *= 10;
        for (i = scale; i < 0; i++)
            unit *= 10;
        if (exponent >= 0)
            number <<= exponent;
        if (unit == 1) {
            if (exponent >= 0)
                return number;
            if (exponent < -126)
                return 0;
            rest = number & (((fs_wide)1 << -exponent) - 1);
            half = (fs_wide)1 << (-exponent - 1);
            number >>= -exponent;
            return number + (rest > half || (rest == half && (number & 1)));
        }
        if (exponent < 0) /* there are no more digits cut off than the number has */
            unit <<= -exponent;
        rest = number % unit;
        number /= unit;
        return number + (rest > unit - rest || (rest == unit - rest && (number & 1)));
    }

    static inline size_t fs_put_wide(char* to, fs_wide number)
    {
        char digits[40];
        size_t count = 0, i;
        do {
            digits[count++] = (char)('0' + (int)(number % 10));
            number /= 10;
        } while (number);
        for (i = 0; i < count; i++)
            to[i] = digits[count - 1 - i];
        return count;
    }

    /* Python's .0f or .1f */
    static inline size_t fs_put_fixed(char* to, double x, int places)
    {
        fs_wide number = fs_scaled(x, places);
        size_t length;
        if (places == 0)
            return fs_put_wide(to, number);
        length = fs_put_wide(to, number / 10);
        to[length] = '.';
        to[length + 1] = (char)('0' + (int)(number % 10));
        return length + 2;
    }

    /* Python's .{most}g; most <= 6, and x is 0 or at least 0.001 */
    static inline size_t fs_put_general(char* to, double x, int most)
    {
        static const unsigned limits[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
        char digits[8];
        char* start = to;
        unsigned number;
        double power = 10;
        int exponent = 0, count = most, i;
        if (x == 0) {
            *to = '0';
            return 1;
        }
        if (x < 1) {
            for (power = 1; x < power; power /= 10)
                exponent--;
        } else {
            for (; x >= power; power *= 10)
                exponent++;
        }
        number = (unsigned)fs_scaled(x, most - 1 - exponent);
        if (number >= limits[most]) /* it was rounded up to a power of ten */
            number = (unsigned)fs_scaled(x, most - 1 - ++exponent);
        else if (number < limits[most - 1])
            number = (unsigned)fs_scaled(x, most - 1 - --exponent);
        while (count > 1 && number % 10 == 0) {
            number /= 10;
            count--;
        }
        for (i = count; i-- > 0; number /= 10)
            digits[i] = (char)('0' + number % 10);
        if (exponent >= most) { /* no number here is so small that it had a negative one */
            *to++ = digits[0];
            if (count > 1)
                *to++ = '.';
            for (i = 1; i < count; i++)
                *to++ = digits[i];
            *to++ = 'e';
            *to++ = '+';
            *to++ = (char)('0' + exponent / 10);
            *to++ = (char)('0' + exponent % 10);
        } else if (exponent < 0) {
            *to++ = '0';
            *to++ = '.';
            for (i = -1; i > exponent; i--)
                *to++ = '0';
            for (i = 0; i < count; i++)
                *to++ = digits[i];
        } else {
            for (i = 0; i < count || i <= exponent; i++) {
                if (i == exponent + 1)
                    *to++ = '.';
                *to++ = i < count ? digits[i] : '0';
            }
        }
        return (size_t)(to - start);
    }
    #endif
    """
    # Each writes at `to`, no more than 48 bytes, and returns how many.
    size_t put_fixed "fs_put_fixed"(char* to, double value, int places) noexcept nogil
    size_t put_general "fs_put_general"(char* to, double value, int most) noexcept nogil
