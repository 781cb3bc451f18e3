"""What is said of one end of a connection, once the other end was looked for: one byte a row.

The low four bits are the verdict, each of the others a fact of its own. `_halfopen` checks these
numbers when it is loaded, and its plain twin uses them.
"""

from __future__ import annotations

NOTHING = 0  # no connection, or one in TIME_WAIT, which asks nothing of the other end
MATCHED = 1  # the other end is there, and the two states go together
GONE = 2  # not there, in a state that ends by itself (FIN_WAIT1, LAST_ACK, SYN_SENT, …)
NOT_COVERED = 3  # no snapshot has the remote address
SEVERAL = 4  # several have it, and none of them this connection
TRANSLATED = 5  # not there, but a connection that may be the same under another address or port
# From here on they are findings. The row is the end that is ESTABLISHED …
ABSENT = 8  # … and not there
SYN_RECV = 9  # … and SYN_RECV there
UNACCEPTED = 10  # … and there too, without an inode, in the queue of a listener
# … or in CLOSE_WAIT: it has to close.
UNCLOSED = 11  # the other end waits for that in FIN_WAIT2
UNCLOSED_ALONE = 12  # the other end is not there any more
VERDICT = 15

AGAIN = 16  # the finding was there in the first snapshots too, of the same socket
TX_QUEUE = 32  # its tx_queue is not smaller than in the first snapshot, and neither is 0
RX_QUEUE = 64
RETRANSMITS = 128  # more in a row than in the first snapshot, with data that waits

VERDICTS = (
    NOTHING,
    MATCHED,
    GONE,
    NOT_COVERED,
    SEVERAL,
    TRANSLATED,
    ABSENT,
    SYN_RECV,
    UNACCEPTED,
    UNCLOSED,
    UNCLOSED_ALONE,
    VERDICT,
)
FLAGS = (AGAIN, TX_QUEUE, RX_QUEUE, RETRANSMITS)

# What is counted of the connections between a client's address and a server's end. `_again` are
# those of the counter before it that were so in the first snapshots too.
COUNTERS = (
    "client_established",
    "server_established",
    "matched",  # present at both ends, by the client's
    "absent_at_server",
    "absent_at_server_again",
    "absent_at_client",
    "absent_at_client_again",
    "syn_recv",
    "syn_recv_again",
    "unaccepted",
    "unaccepted_again",
    "server_unclosed",
    "server_unclosed_again",
    "client_unclosed",
    "client_unclosed_again",
    "translated",
    "not_covered",
    "several",
)
