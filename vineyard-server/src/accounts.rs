//! Users and groups of this host, by name or by number.

use std::ffi::CString;
use std::io;

use nix::errno::Errno;
use nix::unistd::{Gid, Group, Uid, User, getgrouplist};

/// The number that system calls take for "leave it as it is".
const NOBODY_AT_ALL: u32 = u32::MAX;

/// The user of a name, or of a number if no user is named like it; `None` if it is neither.
///
/// # Errors
///
/// What the system says when it cannot look users up.
pub(crate) fn uid(text: &str) -> io::Result<Option<Uid>> {
    let known = if is_name(text) { User::from_name(text)? } else { None };
    Ok(known.map(|user| user.uid).or_else(|| number(text).map(Uid::from_raw)))
}

/// The group of a name, or of a number if no group is named like it; `None` if it is neither.
///
/// # Errors
///
/// What the system says when it cannot look groups up.
pub(crate) fn gid(text: &str) -> io::Result<Option<Gid>> {
    let known = if is_name(text) { Group::from_name(text)? } else { None };
    Ok(known.map(|group| group.gid).or_else(|| number(text).map(Gid::from_raw)))
}

/// The groups of a user, as the system's files or directory service tell, and `current`, the one of its process; that one
/// alone if the system does not know the user. May block.
pub(crate) fn groups(uid: Uid, current: Gid) -> Vec<Gid> {
    let listed = User::from_uid(uid).and_then(|user| match user {
        Some(user) => getgrouplist(&CString::new(user.name).map_err(|_| Errno::EINVAL)?, user.gid),
        None => Ok(Vec::new()),
    });
    let mut groups = listed.unwrap_or_else(|error| {
        tracing::warn!(%uid, %error, "the groups of a user cannot be looked up");
        Vec::new()
    });
    if !groups.contains(&current) {
        groups.push(current);
    }
    groups
}

/// What cannot be a name is not looked up.
fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains('\0')
}

fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number != NOBODY_AT_ALL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_found() {
        assert_eq!(uid("root").expect("looked up"), Some(Uid::from_raw(0)));
        assert_eq!(gid("root").expect("looked up"), Some(Gid::from_raw(0)));
        assert_eq!(uid("4000000000").expect("looked up"), Some(Uid::from_raw(4_000_000_000)));
        assert_eq!(gid("12").expect("looked up"), Some(Gid::from_raw(12)));
        for neither in ["", "no such name", "-1", "+1", "4294967295", "4294967296", "a\0b", "0x1"] {
            assert_eq!(uid(neither).expect("looked up"), None, "{neither:?}");
            assert_eq!(gid(neither).expect("looked up"), None, "{neither:?}");
        }
    }

    #[test]
    fn a_user_is_in_its_own_group_and_in_that_of_its_process() {
        let (unknown, current) = (Uid::from_raw(3_999_999_999), Gid::from_raw(77));
        assert_eq!(groups(unknown, current), [current]);
        let of_root = groups(Uid::from_raw(0), current);
        assert!(of_root.contains(&current) && of_root.contains(&Gid::from_raw(0)), "{of_root:?}");
    }
}
