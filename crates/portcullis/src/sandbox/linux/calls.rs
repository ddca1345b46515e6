//! The system calls of a process in a sandbox, by what they are for. How conditions on their arguments are put is `filter`.

use libc::*;

/// A number of a system call.
pub(super) type Number = c_long;

/// What every process may call, whatever the arguments: memory, its own threads, time, and what is open already.
pub(super) const ALWAYS: &[Number] = &[
    // Memory. Mapping and protecting stand in `filter`.
    SYS_brk,
    SYS_madvise,
    SYS_membarrier,
    SYS_mincore,
    SYS_mremap,
    SYS_msync,
    SYS_munmap,
    // Threads of this process. Starting one stands in `filter`.
    SYS_exit,
    SYS_exit_group,
    SYS_futex,
    SYS_get_robust_list,
    SYS_getcpu,
    SYS_gettid,
    SYS_restart_syscall,
    SYS_rseq,
    SYS_rt_sigaction,
    SYS_rt_sigpending,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_rt_sigsuspend,
    SYS_rt_sigtimedwait,
    SYS_sched_getaffinity,
    SYS_sched_yield,
    SYS_set_robust_list,
    SYS_set_tid_address,
    SYS_sigaltstack,
    // Time.
    SYS_clock_getres,
    SYS_clock_gettime,
    SYS_clock_nanosleep,
    SYS_gettimeofday,
    SYS_nanosleep,
    SYS_timerfd_create,
    SYS_timerfd_gettime,
    SYS_timerfd_settime,
    // About itself and the system.
    SYS_getegid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getpid,
    SYS_getppid,
    SYS_getrandom,
    SYS_getrusage,
    SYS_getuid,
    SYS_sysinfo,
    SYS_uname,
    // What is open.
    SYS_close,
    SYS_dup,
    SYS_dup3,
    SYS_fstat,
    // What kind of memory a descriptor is that main hands over, before it is mapped.
    SYS_fstatfs,
    SYS_lseek,
    SYS_pread64,
    SYS_preadv,
    SYS_pwrite64,
    SYS_pwritev,
    SYS_read,
    SYS_readv,
    SYS_write,
    SYS_writev,
    // Its socket. None can be made, connected or bound.
    SYS_getpeername,
    SYS_getsockname,
    SYS_getsockopt,
    SYS_recvfrom,
    SYS_recvmsg,
    SYS_sendmsg,
    SYS_shutdown,
    // Waiting for what is open, and between its own threads.
    SYS_epoll_create1,
    SYS_epoll_ctl,
    SYS_epoll_pwait,
    SYS_epoll_pwait2,
    SYS_eventfd2,
    SYS_pipe2,
    SYS_ppoll,
    SYS_pselect6,
];

/// The older forms of some of [`ALWAYS`].
#[cfg(target_arch = "x86_64")]
pub(super) const ALWAYS_OLD: &[Number] =
    &[SYS_arch_prctl, SYS_dup2, SYS_epoll_wait, SYS_pipe, SYS_poll, SYS_select, SYS_time];
#[cfg(not(target_arch = "x86_64"))]
pub(super) const ALWAYS_OLD: &[Number] = &[];

/// With these a worker makes shared memory. Nothing in it can be executed.
pub(super) const SHARED_MEMORY: &[Number] = &[SYS_fallocate, SYS_ftruncate, SYS_memfd_create];

/// Looking at paths, once some are stated; landlock does not restrict what is found out by these.
pub(super) const LOOKING: &[Number] = &[
    SYS_faccessat,
    SYS_faccessat2,
    SYS_fadvise64,
    SYS_flock,
    SYS_fstatfs,
    SYS_getcwd,
    SYS_getdents64,
    SYS_newfstatat,
    SYS_readlinkat,
    SYS_statfs,
    SYS_statx,
];

/// The older forms of [`LOOKING`].
#[cfg(target_arch = "x86_64")]
pub(super) const LOOKING_OLD: &[Number] = &[SYS_access, SYS_lstat, SYS_readlink, SYS_stat];
#[cfg(not(target_arch = "x86_64"))]
pub(super) const LOOKING_OLD: &[Number] = &[];

/// Changing what is beneath a path that may be written; landlock says where. Owners, modes, times and attributes are not
/// among these, as landlock does not restrict them.
pub(super) const CHANGING: &[Number] = &[
    SYS_fallocate,
    SYS_fdatasync,
    SYS_fsync,
    SYS_ftruncate,
    SYS_mkdirat,
    SYS_renameat2,
    SYS_unlinkat,
];

/// The older forms of [`CHANGING`].
#[cfg(target_arch = "x86_64")]
pub(super) const CHANGING_OLD: &[Number] =
    &[SYS_mkdir, SYS_rename, SYS_renameat, SYS_rmdir, SYS_unlink];
#[cfg(target_arch = "aarch64")]
pub(super) const CHANGING_OLD: &[Number] = &[SYS_renameat];
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) const CHANGING_OLD: &[Number] = &[];

/// Calls that a library tries and does without where the kernel does not have them. Their arguments stand in memory that
/// a filter cannot read.
pub(super) const ABSENT: &[Number] = &[SYS_clone3, SYS_openat2];

/// Calls that no renderer or worker makes by mistake: the process is killed. They reach into other processes' memory,
/// into the kernel, or change what the file system is.
pub(super) const FATAL: &[Number] = &[
    SYS_bpf,
    SYS_delete_module,
    SYS_finit_module,
    SYS_init_module,
    SYS_kexec_load,
    SYS_mount,
    SYS_move_mount,
    SYS_open_by_handle_at,
    SYS_pivot_root,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_ptrace,
    SYS_reboot,
    SYS_setns,
    SYS_umount2,
];
