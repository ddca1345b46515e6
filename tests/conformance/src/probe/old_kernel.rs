//! A kernel that lacks a part of the sandbox, for this process: a filter answers its calls as that kernel would.

use std::collections::BTreeMap;
use std::error::Error;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

use super::desk::Lacks;

/// `SECCOMP_SET_MODE_FILTER`.
const SET_MODE_FILTER: u64 = 1;

/// From now on the kernel lacks it.
pub(super) fn pretend(lacks: Lacks) -> Result<(), Box<dyn Error>> {
    let call = match lacks {
        Lacks::Nothing => return Ok(()),
        Lacks::Landlock => (libc::SYS_landlock_create_ruleset, Vec::new()),
        Lacks::Filter => {
            let (length, is) = (SeccompCmpArgLen::Dword, SeccompCmpOp::Eq);
            let install = SeccompCondition::new(0, length, is, SET_MODE_FILTER)?;
            (libc::SYS_seccomp, vec![SeccompRule::new(vec![install])?])
        }
    };
    let absent = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let rules = BTreeMap::from([call]);
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, absent, arch)?;
    Ok(seccompiler::apply_filter(&BpfProgram::try_from(filter)?)?)
}
