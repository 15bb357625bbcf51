use super::file::parse;
use super::*;

const ROOT: (u32, u32) = (0, 0);
/// Somebody whom no host has.
const STRANGER: (u32, u32) = (3_999_999_999, 3_999_999_998);

const ALL: Proofs = Proofs { passwords: true, certificates: true };

fn who(account: (u32, u32), user: Option<&str>) -> Who {
    let account = Some((Uid::from_raw(account.0), Gid::from_raw(account.1)));
    Who { account, user: user.map(str::to_owned), certificate: None }
}

/// Somebody over TCP.
fn remote(user: Option<&str>, certificate: Option<&[&str]>) -> Who {
    let certificate = certificate.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    Who { account: None, user: user.map(str::to_owned), certificate }
}

fn rules(text: &str) -> Rules {
    parse(text, ALL).expect(text)
}

fn refusal(text: &str) -> String {
    parse(text, ALL).expect_err(text).to_string()
}

#[test]
fn nobody_but_the_own_user_and_root_is_let_in_by_an_empty_file() {
    let rules = rules("");
    assert_eq!(rules.role_of(&who(STRANGER, None)), Role::None);
    assert_eq!(rules.role_of(&remote(Some("bob"), None)), Role::None);
    assert_eq!(rules.role_of(&who(ROOT, None)), Role::Admin);
    assert_eq!(rules.role_of(&who((Uid::effective().as_raw(), 1), None)), Role::Admin);
    assert!(!rules.ask_for_groups() && !rules.let_any_tcp_peer_in());
}

#[test]
fn the_defaults_are_for_who_fits_no_rule() {
    let rules = rules("default = 'read'\nrpc = 'write'\n[[rule]]\nuid = 7\nrole = 'admin'");
    assert_eq!(rules.role_of(&who(STRANGER, None)), Role::Read);
    assert_eq!(rules.role_of(&remote(None, None)), Role::Write);
    assert_eq!(rules.role_of(&who((7, 7), None)), Role::Admin);
    assert!(rules.let_any_tcp_peer_in());
}

#[test]
fn the_first_rule_that_fits_decides() {
    let rules = rules(
        "default = 'read'\n\
         [[rule]]\nuid = ['root', 12]\nrole = 'none'\n\
         [[rule]]\ngid = [3999999998, 12]\nrole = 'write'\n\
         [[rule]]\nuid = 3999999999\nrole = 'admin'",
    );
    assert!(rules.ask_for_groups());
    assert_eq!(rules.role_of(&who(ROOT, None)), Role::None, "a rule is above what holds for root");
    assert_eq!(rules.role_of(&who((12, 12), None)), Role::None);
    assert_eq!(rules.role_of(&who(STRANGER, None)), Role::Write, "the group's rule comes first");
    assert_eq!(rules.role_of(&who((STRANGER.0, 1), None)), Role::Admin);
}

#[test]
fn a_rule_asks_for_all_that_is_in_it() {
    let rules = rules("[[rule]]\nuid = 3999999999\nhtpasswd = ['bob', 'alice']\nrole = 'write'");
    assert_eq!(rules.role_of(&who(STRANGER, Some("alice"))), Role::Write);
    assert_eq!(rules.role_of(&who(STRANGER, Some("mallory"))), Role::None);
    assert_eq!(rules.role_of(&who(STRANGER, None)), Role::None);
    assert_eq!(rules.role_of(&who((7, 7), Some("bob"))), Role::None);
    assert_eq!(rules.role_of(&remote(Some("bob"), None)), Role::None, "over TCP nobody has a uid");
}

#[test]
fn any_name_of_a_certificate_fits() {
    let rules = rules("[[rule]]\ncertificate = ['ingest', 'spiffe://example/ingest']\nrole = 'write'");
    for names in [&["ingest"][..], &["other", "spiffe://example/ingest"]] {
        assert_eq!(rules.role_of(&remote(None, Some(names))), Role::Write, "{names:?}");
    }
    for names in [&["other"][..], &["INGEST"], &[]] {
        assert_eq!(rules.role_of(&remote(None, Some(names))), Role::None, "{names:?}");
    }
    assert_eq!(rules.role_of(&remote(Some("ingest"), None)), Role::None, "a user is no certificate");
    assert_eq!(rules.role_of(&who((7, 7), Some("ingest"))), Role::None);
}

#[test]
fn groups_are_those_of_the_user_and_of_the_process() {
    let rules = rules("[[rule]]\ngid = 'root'\nrole = 'write'");
    // The user root is a member of the group root, whichever group its process has.
    assert_eq!(rules.role_of(&who((0, 12), None)), Role::Write);
    assert_eq!(rules.role_of(&who((STRANGER.0, 0), None)), Role::Write);
    assert_eq!(rules.role_of(&remote(None, None)), Role::None);
}

#[test]
fn what_means_nothing_is_refused_with_its_place() {
    for (text, expected) in [
        ("default = 'reed'", &["line 1", "reed", "admin"][..]),
        ("defalt = 'read'", &["line 1", "defalt", "rpc"]),
        ("\n[[rule]]\nuid = 5\nrule = 'read'", &["line 4", "`rule`", "htpasswd"]),
        ("[[rule]]\nuid = 5", &["line 1", "missing field `role`"]),
        ("[[rule]]\nuid = 5.5\nrole = 'read'", &["line 2", "a name, a number, or a list"]),
        ("[[rule]]\nuid = [1, true]\nrole = 'read'", &["line 2", "a name, a number, or a list"]),
        ("rpc =", &["line 1"]),
        ("[[rule]]\nrole = 'read'", &["rule 1 names nobody"]),
        (
            "[[rule]]\nuid = 0\nrole = 'read'\n[[rule]]\nuid = 'no one here'\nrole = 'read'",
            &["rule 2", "user `no one here`"],
        ),
        ("[[rule]]\ngid = -1\nrole = 'read'", &["rule 1", "group `-1`"]),
    ] {
        let message = refusal(text);
        assert!(
            expected.iter().all(|part| message.contains(part)) && message.lines().count() == 1,
            "{text}: {message}"
        );
    }
    let users = "[[rule]]\nhtpasswd = 'bob'\nrole = 'read'";
    let without = Proofs { passwords: false, certificates: false };
    let message = parse(users, without).expect_err("there are no users").to_string();
    assert!(message.contains("rule 1 asks for users") && message.contains("--htpasswd"), "{message}");
    let certificates = "[[rule]]\ncertificate = 'bob'\nrole = 'read'";
    let message = parse(certificates, Proofs { passwords: true, ..without }).expect_err("none are shown").to_string();
    assert!(message.contains("asks for certificates") && message.contains("--tls-client-ca"), "{message}");
    let message = Rules::read(Path::new("/nonexistent/rules"), without).expect_err("not there").to_string();
    assert!(message.contains("No such file"), "{message}");
}
