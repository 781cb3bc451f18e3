# Where a column stands among those of columns.py. _table.pyx checks it when it is loaded, and every
# module that looks into a table loads that.

cdef enum:
    # SOCKET_COLUMNS, and behind them OPTIONAL_COLUMNS.
    PROTOCOL = 0
    FAMILY = 1
    STATE = 2
    TIMER = 3
    LOCAL_ADDRESS = 4
    REMOTE_ADDRESS = 5
    LOCAL_PORT = 6
    REMOTE_PORT = 7
    RX_QUEUE = 8
    TX_QUEUE = 9
    UID = 10
    RETRANSMITS = 11
    INODE = 12
    NETNS = 13
    TIMER_EXPIRES_MS = 14
    COOKIE = 15
    BACKLOG_LIMIT = 16
    FIXED = 17  # the columns that every table has
    TIMEOUT = 17
    REFCOUNT = 18
    RTO = 19
    ATO = 20
    CWND = 21
    SSTHRESH = 22
    DROPS = 23
    INTERFACE = 24
    MARK = 25
    V6ONLY = 26
    SOCKET_CGROUP = 27
    TYPE = 28
    PEER = 29
    SHUTDOWN = 30
    BLOBS = 31  # from here on of variable width: path, congestion, tcp_info, skmem, attributes
    BLOB_COUNT = 5
    ALL = 36

    # OWNER_COLUMNS.
    OWNER_INODE = 0
    OWNER_PID = 1
    OWNER_FD = 2
    OWNER_TID = 3
    OWNER_PROCESS = 4
