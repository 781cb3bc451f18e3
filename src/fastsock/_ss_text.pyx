"""What ss shows behind a socket with -m and -i, made without the GIL.

    skmem:(r0,rb131072,t0,tb87040,f0,w0,o0,bl0,d0) cubic wscale:7,7 rto:204 rtt:0.03/0.015

Its twin in plain Python is compat/ss_extras.py with compat/ss_attributes.py, where words are
explained. A structure may end anywhere; what it lacks is 0.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset, strlen

from fastsock._decimal cimport put_fixed, put_general
from fastsock._text cimport (
    FS_HEX,
    Out,
    Text,
    put,
    put_byte,
    put_ipv4,
    put_ipv6,
    put_unsigned,
    room,
)

from fastsock.attributes import MEMBERS, parse_member

cdef enum:
    # More than what is shown of one struct tcp_info, of skmem, or of what DCTCP or BBR tells.
    ENOUGH = 4096
    WORD = 64               # more than a word with a number

    TCP = 6
    UNIX = 0
    AF_INET6 = 10
    LISTEN = 10

    # INET_DIAG_x
    VEGAS = 3
    DCTCP = 9
    BBR = 16
    MD5 = 18
    ULP = 19
    SOCKOPT = 22
    # UNIX_DIAG_x
    FILE = 1
    QUEUE = 3
    SHUTDOWN = 6
    KINDS = 23              # of an attribute that is looked at, and one more than the last
    TYPE_BITS = 0x3FFF      # the two above say how the data is written

    # tcpi_options
    TIMESTAMPS = 1
    SACK = 2
    WINDOW_SCALE = 4
    ECN = 8
    ECN_SEEN = 16
    SYN_DATA = 32
    IN_MICROSECONDS = 64

    NO_TIMEOUT_YET = 3000000
    USUAL_REORDERING = 3

    KEY = 100               # bytes of struct tcp_diag_md5sig
    KEY_BYTES = 80

SHOWS = {
    "oneline": ONELINE,
    "numeric": NUMERIC,
    "timers": TIMERS,
    "details": DETAILS,
    "memory": MEMORY,
    "info": INFO,
    "socket_options": SOCKET_OPTIONS,
    "window": WINDOW,
    "microseconds": MICROSECONDS,
    "decimal": DECIMAL,
}

ctypedef const char* Word

cdef uint64_t NO_LIMIT = <uint64_t>-1
cdef uint32_t NONE_YET = <uint32_t>-1
cdef uint32_t NO_RTT = 0x7FFFFFFF

# The letters of skmem, and struct inet_diag_sockopt from the lowest bit of its first byte.
cdef Word[9] MEMORY_WORDS = ["r", ",rb", ",t", ",tb", ",f", ",w", ",o", ",bl", ",d"]
cdef Word[11] OPTION_WORDS = [
    " recverr", " is_icsk", " freebind", " hdrincl", " mc_loop", " transparent", " mc_all",
    " nodefrag", " bind_addr_no_port", " recverr_rfc4884", " defer_connect",
]
cdef Word[5] TLS_MODES = ["", "none", "sw", "hw", "hw-record"]
cdef const char* SUBFLOW_FLAGS = "MmJjBbecv"

# struct tcp_info as far as it is shown: its members are those of attributes.py, held against them
# below.
cdef packed struct Info:
    uint8_t state
    uint8_t ca_state
    uint8_t retransmits
    uint8_t probes
    uint8_t backoff
    uint8_t options
    uint8_t scales
    uint8_t flags
    uint32_t rto
    uint32_t ato
    uint32_t snd_mss
    uint32_t rcv_mss
    uint32_t unacked
    uint32_t sacked
    uint32_t lost
    uint32_t retrans
    uint32_t fackets
    uint32_t last_data_sent
    uint32_t last_ack_sent
    uint32_t last_data_recv
    uint32_t last_ack_recv
    uint32_t pmtu
    uint32_t rcv_ssthresh
    uint32_t rtt
    uint32_t rttvar
    uint32_t snd_ssthresh
    uint32_t snd_cwnd
    uint32_t advmss
    uint32_t reordering
    uint32_t rcv_rtt
    uint32_t rcv_space
    uint32_t total_retrans
    uint64_t pacing_rate
    uint64_t max_pacing_rate
    uint64_t bytes_acked
    uint64_t bytes_received
    uint32_t segs_out
    uint32_t segs_in
    uint32_t notsent_bytes
    uint32_t min_rtt
    uint32_t data_segs_in
    uint32_t data_segs_out
    uint64_t delivery_rate
    uint64_t busy_time
    uint64_t rwnd_limited
    uint64_t sndbuf_limited
    uint32_t delivered
    uint32_t delivered_ce
    uint64_t bytes_sent
    uint64_t bytes_retrans
    uint32_t dsack_dups
    uint32_t reord_seen
    uint32_t rcv_ooopack
    uint32_t snd_wnd
    uint32_t rcv_wnd
    uint32_t rehash

# Where the compiler put bit fields differs by byte order.
cdef dict SPECS = MEMBERS["tcp_info"]
cdef int SND_SCALE = SPECS["snd_wscale"].shift
cdef int RCV_SCALE = SPECS["rcv_wscale"].shift
cdef int APP_LIMITED = SPECS["delivery_rate_app_limited"].shift


# -- leaves


cdef inline void put_words(Out* out, const char* text) noexcept nogil:
    put(out, text, strlen(text))


cdef inline void put_count(Out* out, const char* word, uint64_t value) noexcept nogil:
    """A word and its number, where that is not 0."""
    if value:
        put_words(out, word)
        put_unsigned(out, value)


cdef inline void put_six(Out* out, double value) noexcept nogil:
    out.length += put_general(out.data + out.length, value, 6)


cdef inline void put_milliseconds(Out* out, uint32_t value) noexcept nogil:
    """Microseconds as milliseconds, in at most six digits."""
    cdef uint32_t rest = value % 1000
    if value >= 1000000:
        put_six(out, value / <double>1000)
        return
    put_unsigned(out, value // 1000)
    if rest:
        put_byte(out, c".")
        put_byte(out, <char>(c"0" + rest // 100))
        if rest % 100:
            put_byte(out, <char>(c"0" + rest // 10 % 10))
            if rest % 10:
                put_byte(out, <char>(c"0" + rest % 10))


cdef inline void put_time(Out* out, const char* word, uint32_t value) noexcept nogil:
    if value:
        put_words(out, word)
        put_milliseconds(out, value)


cdef void put_rate(Out* out, double bits, bint numeric) noexcept nogil:
    """Bits a second, with 1000 for k."""
    cdef double size
    cdef char unit
    if numeric:
        out.length += put_fixed(out.data + out.length, bits, 0)
    elif bits < 1e3:
        put_six(out, bits)
    else:
        if bits >= 1e12:
            size = 1e12
            unit = c"T"
        elif bits >= 1e9:
            size = 1e9
            unit = c"G"
        elif bits >= 1e6:
            size = 1e6
            unit = c"M"
        else:
            size = 1e3
            unit = c"k"
        out.length += put_general(out.data + out.length, bits / size, 3)
        put_byte(out, unit)
    put(out, "bps", 3)


cdef void put_hex(Out* out, uint64_t value, int least) noexcept nogil:
    cdef int digits = 16
    while digits > least and value >> (4 * digits - 4) == 0:
        digits -= 1
    while digits:
        digits -= 1
        put_byte(out, FS_HEX[value >> (4 * digits) & 15])


cdef int put_ascii(Out* out, const char* text, size_t length) noexcept nogil:
    """Text of the kernel; in the place of a byte that is not ASCII's stands U+FFFD."""
    cdef size_t i
    if room(out, 3 * length + WORD) != 0:
        return -1
    for i in range(length):
        if <uint8_t>text[i] < 128:
            put_byte(out, text[i])
        else:
            put(out, "\xef\xbf\xbd", 3)
    return 0


cdef inline uint16_t read_16(const char* data) noexcept nogil:
    cdef uint16_t value = 0
    memcpy(&value, data, 2)
    return value


cdef inline uint32_t read_32(const char* data) noexcept nogil:
    cdef uint32_t value = 0
    memcpy(&value, data, 4)
    return value


cdef uint64_t read_number(const Text* text) noexcept nogil:
    """The lowest byte first, of any length up to 8."""
    cdef uint64_t value = 0
    cdef size_t i
    for i in range(min(text.length, <size_t>8)):
        value |= <uint64_t><uint8_t>text.data[i] << (8 * i)
    return value


cdef void find_attributes(const Text* raw, Text* found, int count) noexcept nogil:
    """Find data by type, of each the last, NULL for none. What is no attribute ends them."""
    cdef size_t at = 0, length
    cdef int kind
    memset(found, 0, count * sizeof(Text))
    while at + 4 <= raw.length:
        length = read_16(raw.data + at)
        if length < 4 or length > raw.length - at:
            return
        kind = read_16(raw.data + at + 2) & TYPE_BITS
        if kind < count:
            found[kind].data = raw.data + at + 4
            found[kind].length = length - 4
        at += (length + 3) & ~<size_t>3


# -- what each attribute says; there is room for ENOUGH but where it may be of any length


cdef void put_memory(Out* out, const Text* raw) noexcept nogil:
    cdef size_t count = min(raw.length // 4, <size_t>9), i
    if count < 7:
        return
    put(out, " skmem:(", 8)
    for i in range(count):
        put_words(out, MEMORY_WORDS[i])
        put_unsigned(out, read_32(raw.data + 4 * i))
    put_byte(out, c")")


cdef void put_socket_options(int shows, Out* out, const Text* raw) noexcept nogil:
    cdef uint32_t bits
    cdef int i
    if raw.length < 2:
        return
    bits = <uint8_t>raw.data[0] | <uint32_t><uint8_t>raw.data[1] << 8
    put_words(out, " " if shows & ONELINE else "\n\t")
    put_words(out, "inet-sockopt: (")
    for i in range(11):
        if bits >> i & 1:
            put_words(out, OPTION_WORDS[i])
    put_byte(out, c")")


cdef void put_control(int shows, Out* out, const Text* found) noexcept nogil:
    """What DCTCP or BBR tells of itself."""
    cdef const char* data = found[DCTCP].data
    cdef uint32_t[5] bbr
    if found[DCTCP].length >= 16:
        if read_16(data):
            put_words(out, " dctcp:(ce_state:")
            put_unsigned(out, read_16(data + 2))
            put_words(out, ",alpha:")
            put_unsigned(out, read_32(data + 4))
            put_words(out, ",ab_ecn:")
            put_unsigned(out, read_32(data + 8))
            put_words(out, ",ab_tot:")
            put_unsigned(out, read_32(data + 12))
            put_byte(out, c")")
        else:
            put_words(out, " dctcp:fallback_mode")
    if found[BBR].data == NULL:
        return
    memset(bbr, 0, 20)
    memcpy(bbr, found[BBR].data, min(found[BBR].length, <size_t>20))
    put_words(out, " bbr:(bw:")
    put_rate(out, <double>(<uint64_t>bbr[1] << 32 | bbr[0]) * 8.0, shows & NUMERIC)
    put_words(out, ",mrtt:")
    put_milliseconds(out, bbr[2])
    if bbr[3]:
        put_words(out, ",pacing_gain:")
        put_six(out, bbr[3] / <double>256)
    if bbr[4]:
        put_words(out, ",cwnd_gain:")
        put_six(out, bbr[4] / <double>256)
    put_byte(out, c")")


cdef uint32_t vegas_rtt(const Text* raw) noexcept nogil:
    """The round trip time that Vegas goes by, in microseconds; 0 for none."""
    cdef uint32_t rtt
    if raw.length < 16 or read_32(raw.data) == 0:
        return 0
    rtt = read_32(raw.data + 8)
    return 0 if rtt == NO_RTT else rtt


cdef int put_keys(Out* out, const Text* raw) noexcept nogil:
    """The TCP MD5 signature keys, which only who may change the network is told."""
    cdef size_t at = 0, i
    cdef const uint8_t* key
    cdef uint8_t byte
    if raw.data == NULL:
        return 0
    if room(out, WORD) != 0:
        return -1
    put_words(out, " md5keys:")
    while at + KEY <= raw.length:
        if room(out, 4 * KEY_BYTES + 2 * WORD) != 0:
            return -1
        key = <const uint8_t*>raw.data + at
        if at:
            put_byte(out, c",")
        if key[0] == AF_INET6:
            put_ipv6(out, key + 4)
        else:
            put_ipv4(out, key + 4)
        put_byte(out, c"/")
        put_unsigned(out, key[1])
        put_byte(out, c"=")
        for i in range(min(read_16(<const char*>key + 2), <size_t>KEY_BYTES)):
            byte = key[20 + i]
            if 32 < byte < 127 and byte != c"\\" and byte != c",":
                put_byte(out, <char>byte)
            else:
                put_byte(out, c"\\")
                put_byte(out, <char>(c"0" + (byte >> 6)))
                put_byte(out, <char>(c"0" + (byte >> 3 & 7)))
                put_byte(out, <char>(c"0" + (byte & 7)))
        at += KEY
    return 0


cdef int put_upper_protocol(int shows, Out* out, const Text* raw) noexcept nogil:
    """What runs on the connection in the kernel: TLS, or MPTCP of which it is a part."""
    cdef Text[4] inner  # INET_ULP_INFO_x: the name, TLS, MPTCP
    cdef size_t length
    if raw.data == NULL:
        return 0
    find_attributes(raw, inner, 4)
    if room(out, WORD) != 0:
        return -1
    if inner[1].data != NULL:
        length = inner[1].length
        while length and inner[1].data[length - 1] == 0:
            length -= 1
        put_words(out, " tcp-ulp-")
        if put_ascii(out, inner[1].data, length) != 0:
            return -1
    if room(out, 16 * WORD) != 0:
        return -1
    if inner[2].data != NULL:
        put_tls(out, inner + 2)
    if inner[3].data != NULL:
        put_subflow(shows, out, inner + 3)
    return 0


cdef void put_unknown(Out* out, uint64_t number) noexcept nogil:
    put_words(out, "unknown(")
    put_unsigned(out, number)
    put_byte(out, c")")


cdef void put_tls(Out* out, const Text* raw) noexcept nogil:
    cdef Text[7] tls  # TLS_INFO_x: version, cipher, how is sent, how received, two flags
    cdef uint64_t number
    cdef int kind
    find_attributes(raw, tls, 7)
    if tls[1].data != NULL:
        number = read_number(tls + 1)
        put_words(out, " version: ")
        if number == 0x303:
            put_words(out, "1.2")
        elif number == 0x304:
            put_words(out, "1.3")
        else:
            put_unknown(out, number)
    if tls[2].data != NULL:
        number = read_number(tls + 2)
        if number == 51:
            put_words(out, " cipher: aes-gcm-128")
        elif number == 52:
            put_words(out, " cipher: aes-gcm-256")
    for kind in range(4, 2, -1):
        if tls[kind].data != NULL:
            number = read_number(tls + kind)
            put_words(out, " rxconf: " if kind == 4 else " txconf: ")
            if 1 <= number <= 4:
                put_words(out, TLS_MODES[number])
            else:
                put_unknown(out, number)
    if tls[5].data != NULL:
        put_words(out, " zc_ro_tx")
    if tls[6].data != NULL:
        put_words(out, " no_pad_rx")


cdef void put_end_of_subflow(Out* out, uint64_t token, uint64_t id) noexcept nogil:
    put_hex(out, token, 4)
    put_words(out, "(id:")
    put_unsigned(out, id)
    put_byte(out, c")")


cdef void put_sequence(int shows, Out* out, const char* word, const Text* raw) noexcept nogil:
    if raw.data == NULL:
        return
    put_words(out, word)
    if shows & DECIMAL:
        put_unsigned(out, read_number(raw))
    else:
        put_hex(out, read_number(raw), 1)


cdef void put_subflow(int shows, Out* out, const Text* raw) noexcept nogil:
    cdef Text[11] told  # MPTCP_SUBFLOW_ATTR_x
    cdef uint64_t flags
    cdef int i
    find_attributes(raw, told, 11)
    flags = read_number(told + 8)
    if flags:
        put_words(out, " flags:")
        for i in range(9):
            if flags >> i & 1:
                put_byte(out, SUBFLOW_FLAGS[i])
    if (
        told[1].data != NULL and told[2].data != NULL
        and told[9].data != NULL and told[10].data != NULL
    ):
        put_words(out, " token:")
        put_end_of_subflow(out, read_number(told + 1), read_number(told + 9))
        put_byte(out, c"/")
        put_end_of_subflow(out, read_number(told + 2), read_number(told + 10))
    put_sequence(shows, out, " seq:", told + 4)
    put_sequence(shows, out, " sfseq:", told + 5)
    put_sequence(shows, out, " ssnoff:", told + 6)
    put_sequence(shows, out, " maplen:", told + 7)


cdef int put_unix(Out* out, const Text* found) noexcept nogil:
    """What was shut, the file, and who waits to be accepted."""
    cdef uint32_t device
    cdef size_t i
    if found[SHUTDOWN].length:
        put_byte(out, c" ")
        put_byte(out, c"-" if found[SHUTDOWN].data[0] & 1 else c"<")
        put_byte(out, c"-")
        put_byte(out, c"-" if found[SHUTDOWN].data[0] & 2 else c">")
    if found[FILE].length >= 8:
        device = read_32(found[FILE].data + 4)
        put_words(out, " ino:")
        put_unsigned(out, read_32(found[FILE].data))
        put_words(out, " dev:")
        put_unsigned(out, device >> 8 & 0xFFF)  # as makedev(3) has it
        put_byte(out, c"/")
        put_unsigned(out, (device & 0xFF) | (device >> 12 & 0xFFF00))
    if found[QUEUE].data == NULL:
        return 0
    if room(out, 3 * found[QUEUE].length + WORD) != 0:
        return -1
    put_words(out, " peers:")
    for i in range(found[QUEUE].length // 4):
        put_byte(out, c" ")
        put_unsigned(out, read_32(found[QUEUE].data + 4 * i))
    return 0


# -- struct tcp_info, in ss's order


cdef void put_options(int shows, Out* out, uint8_t options) noexcept nogil:
    if options & TIMESTAMPS:
        put_words(out, " ts")
    if options & IN_MICROSECONDS and shows & MICROSECONDS:
        put_words(out, " usec_ts")
    if options & SACK:
        put_words(out, " sack")
    if options & ECN:
        put_words(out, " ecn")
    if options & ECN_SEEN:
        put_words(out, " ecnseen")
    if options & SYN_DATA:
        put_words(out, " fastopen")


cdef void put_rates(int shows, Out* out, const Info* info, uint32_t rtt) noexcept nogil:
    """What is sent how fast, and how long nothing was."""
    cdef bint numeric = shows & NUMERIC
    if rtt and info.snd_mss and info.snd_cwnd:
        put_words(out, " send ")
        put_rate(out, <double>info.snd_cwnd * info.snd_mss * 8000000.0 / rtt, numeric)
    put_count(out, " lastsnd:", info.last_data_sent)
    put_count(out, " lastrcv:", info.last_data_recv)
    put_count(out, " lastack:", info.last_ack_recv)
    if info.pacing_rate != 0 and info.pacing_rate != NO_LIMIT:
        put_words(out, " pacing_rate ")
        put_rate(out, info.pacing_rate * 8.0, numeric)
        if info.max_pacing_rate != 0 and info.max_pacing_rate != NO_LIMIT:
            put_byte(out, c"/")
            put_rate(out, info.max_pacing_rate * 8.0, numeric)
    if info.delivery_rate:
        put_words(out, " delivery_rate ")
        put_rate(out, info.delivery_rate * 8.0, numeric)
    put_count(out, " delivered:", info.delivered)
    put_count(out, " delivered_ce:", info.delivered_ce)
    if info.flags >> APP_LIMITED & 1:
        put_words(out, " app_limited")
    if info.busy_time:
        put_words(out, " busy:")
        put_unsigned(out, info.busy_time // 1000)
        put_words(out, "ms")
        put_limited(out, " rwnd_limited:", info.rwnd_limited, info.busy_time)
        put_limited(out, " sndbuf_limited:", info.sndbuf_limited, info.busy_time)


cdef void put_limited(
    Out* out, const char* word, uint64_t limited, uint64_t busy
) noexcept nogil:
    if limited == 0:
        return
    put_words(out, word)
    put_unsigned(out, limited // 1000)
    put_words(out, "ms(")
    out.length += put_fixed(out.data + out.length, 100.0 * limited / <double>busy, 1)
    put_words(out, "%)")


cdef void put_path(Out* out, const Info* info, uint8_t state) noexcept nogil:
    """What was lost, how it arrived, and how much room there is."""
    put_count(out, " unacked:", info.unacked)
    if info.retrans or info.total_retrans:
        put_words(out, " retrans:")
        put_unsigned(out, info.retrans)
        put_byte(out, c"/")
        put_unsigned(out, info.total_retrans)
    put_count(out, " lost:", info.lost)
    if state != LISTEN:  # there it is the limit of the queue
        put_count(out, " sacked:", info.sacked)
    put_count(out, " dsack_dups:", info.dsack_dups)
    put_count(out, " fackets:", info.fackets)
    if info.reordering != USUAL_REORDERING:
        put_words(out, " reordering:")
        put_unsigned(out, info.reordering)
    put_count(out, " reord_seen:", info.reord_seen)
    put_time(out, " rcv_rtt:", info.rcv_rtt)
    put_count(out, " rcv_space:", info.rcv_space)
    put_count(out, " rcv_ssthresh:", info.rcv_ssthresh)
    put_count(out, " notsent:", info.notsent_bytes)
    if info.min_rtt != NONE_YET:
        put_time(out, " minrtt:", info.min_rtt)
    put_count(out, " rcv_ooopack:", info.rcv_ooopack)
    put_count(out, " snd_wnd:", info.snd_wnd)


cdef int put_info(int shows, const Told* told, const Text* found, Out* out) noexcept nogil:
    cdef Info info
    cdef uint32_t rtt
    if told.info.length < sizeof(Info):
        memset(&info, 0, sizeof(Info))
    memcpy(&info, told.info.data, min(told.info.length, sizeof(Info)))
    if shows & TIMERS:
        put_options(shows, out, info.options)
    if told.congestion.length:
        put_byte(out, c" ")
        if put_ascii(out, told.congestion.data, min(told.congestion.length, <size_t>15)) != 0:
            return -1
        if room(out, ENOUGH) != 0:
            return -1
    if info.options & WINDOW_SCALE:
        put_words(out, " wscale:")
        put_unsigned(out, info.scales >> SND_SCALE & 15)
        put_byte(out, c",")
        put_unsigned(out, info.scales >> RCV_SCALE & 15)
    if info.rto != NO_TIMEOUT_YET:
        put_time(out, " rto:", info.rto)
    put_count(out, " backoff:", info.backoff)
    if info.rtt:
        put_time(out, " rtt:", info.rtt)
        put_byte(out, c"/")
        put_milliseconds(out, info.rttvar)
    put_time(out, " ato:", info.ato)
    put_count(out, " mss:", info.snd_mss)
    put_count(out, " pmtu:", info.pmtu)
    put_count(out, " rcvmss:", info.rcv_mss)
    put_count(out, " advmss:", info.advmss)
    put_count(out, " cwnd:", info.snd_cwnd)
    if info.snd_ssthresh < 0xFFFF:
        put_count(out, " ssthresh:", info.snd_ssthresh)
    put_count(out, " bytes_sent:", info.bytes_sent)
    put_count(out, " bytes_retrans:", info.bytes_retrans)
    put_count(out, " bytes_acked:", info.bytes_acked)
    put_count(out, " bytes_received:", info.bytes_received)
    put_count(out, " segs_out:", info.segs_out)
    put_count(out, " segs_in:", info.segs_in)
    put_count(out, " data_segs_out:", info.data_segs_out)
    put_count(out, " data_segs_in:", info.data_segs_in)
    put_control(shows, out, found)
    rtt = vegas_rtt(found + VEGAS)
    put_rates(shows, out, &info, rtt if rtt else info.rtt)
    put_path(out, &info, told.state)
    if shows & WINDOW:
        put_count(out, " rcv_wnd:", info.rcv_wnd)
        put_count(out, " rehash:", info.rehash)
    return 0


# -- for _layout


cdef int write_ss_extras(int shows, const Told* told, Out* out) noexcept nogil:
    """Write what stands behind the other details of a socket, or on lines of its own.

    -1 when there is no memory.
    """
    cdef Text[KINDS] found
    if room(out, ENOUGH) != 0:
        return -1
    find_attributes(&told.attributes, found, KINDS)
    if told.protocol == UNIX:
        put_memory(out, &told.memory)
        return put_unix(out, found) if shows & DETAILS else 0
    if shows & SOCKET_OPTIONS:
        put_socket_options(shows, out, found + SOCKOPT)
    if not (shows & MEMORY or shows & INFO and told.protocol == TCP):
        return 0
    if not shows & ONELINE:
        put(out, "\n\t", 2)
    put_memory(out, &told.memory)
    if not told.has_info:
        return 0
    if told.info.length and put_info(shows, told, found, out) != 0:
        return -1
    if put_keys(out, found + MD5) != 0:
        return -1
    return put_upper_protocol(shows, out, found + ULP)


def _check_members():
    """Hold `Info` against attributes.py: each member in its place."""
    cdef bytes example = bytes([n % 127 for n in range(sizeof(Info))])
    cdef Info info
    memcpy(&info, <const char*>example, sizeof(Info))
    held = dict(info)
    for name, spec in SPECS.items():
        if spec.offset < sizeof(Info) and not spec.bits:
            assert held.pop(name) == parse_member(example, spec), name
    assert list(held) == ["scales", "flags"], held


_check_members()
