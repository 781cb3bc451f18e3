# Nothing here is called from Python: the parts of _proc_net that read /proc/net/unix.
