//! System calls that the system refuses, as some file systems, older systems and sandboxes do.

use std::io;

use crate::virtual_memory::process::apart;

/// Runs `run` in a process of its own, in which the system call `call` is an error: each one, or those whose fourth argument
/// is more than `most`. Where the system has no such filter, nothing runs.
pub(crate) fn behind(call: libc::c_long, most: Option<u32>, code: i32, run: impl FnOnce()) {
    apart(|| {
        if refuse(call, most, code) {
            run();
        } else {
            eprintln!("skipped: no filter for system calls: {}", io::Error::last_os_error());
        }
    });
}

fn refuse(call: libc::c_long, most: Option<u32>, code: i32) -> bool {
    // Where the number of the call is, and both halves of its fourth argument.
    const NUMBER: u32 = 0;
    const LOW: u32 = 16 + 3 * 8;
    const HIGH: u32 = LOW + 4;
    let step = |code: u32, yes, no, k| libc::sock_filter { code: code as u16, jt: yes, jf: no, k };
    let load = |at| step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, at);
    let equal = |k, yes, no| step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, yes, no, k);
    let greater = |k, yes, no| step(libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K, yes, no, k);
    let end = |k| step(libc::BPF_RET | libc::BPF_K, 0, 0, k);
    let (allow, refuse) = (libc::SECCOMP_RET_ALLOW, libc::SECCOMP_RET_ERRNO | code as u32);
    let mut steps = vec![load(NUMBER), equal(call as u32, 1, 0), end(allow)];
    if let Some(most) = most {
        steps.extend([load(HIGH), greater(0, 3, 0), load(LOW), greater(most, 1, 0), end(allow)]);
    }
    steps.push(end(refuse));
    let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
    // SAFETY: no memory is involved.
    let prepared = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } == 0;
    // SAFETY: the program is valid for reads.
    prepared && unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) } == 0
}
