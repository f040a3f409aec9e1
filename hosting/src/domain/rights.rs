//! Who may do what: one table, read by the route table, by services and by tests. What is not in it is not allowed.
//!
//! The role is read from the database at each request, so a change takes effect at the next one.

use super::Role;

/// Something a person may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// See stores, their jobs and progress.
    ViewStores,
    /// Create, restart, copy, back up, retry, cancel.
    WorkOnStores,
    /// Push, restore, delete a store.
    EndangerStores,
    /// Show a store's sign-in details.
    RevealCredentials,
    /// DNS and the link to a DNS provider.
    ManageDns,
    /// Tickets.
    AnswerTickets,
    /// Refund and credit.
    Refund,
    /// Logs and edge configuration, to read.
    ReadLogs,
    /// Edit configuration, run scripts, control units, update the product.
    OperateMachines,
    /// Create, change and close customers.
    ManageCustomers,
    /// Make customers resellers and back.
    ManageResellers,
    /// Create, change and delete staff.
    ManageStaff,
    /// Read the audit log.
    ReadAudit,
    /// Verify and export the audit log.
    ExportAudit,
    /// See the owner's pages as that owner does, without changing anything.
    ViewAsCustomer,
}

impl Capability {
    /// All there are.
    pub const ALL: [Self; 15] = [
        Self::ViewStores,
        Self::WorkOnStores,
        Self::EndangerStores,
        Self::RevealCredentials,
        Self::ManageDns,
        Self::AnswerTickets,
        Self::Refund,
        Self::ReadLogs,
        Self::OperateMachines,
        Self::ManageCustomers,
        Self::ManageResellers,
        Self::ManageStaff,
        Self::ReadAudit,
        Self::ExportAudit,
        Self::ViewAsCustomer,
    ];
}

/// How far a right goes. Each includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Not at all.
    Nothing,
    /// Own things.
    Own,
    /// Own things and those of own customers.
    OwnCustomers,
    /// A listed or limited part of everybody's.
    Part,
    /// Everybody's.
    All,
}

/// What has to be given along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// Nothing more.
    Nothing,
    /// The name typed, on a page that says what is lost.
    Confirmation,
    /// A reason, which the audit log keeps.
    Reason,
    /// The password again.
    Password,
}

/// A cell of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Right {
    /// How far it goes.
    pub reach: Reach,
    /// What it asks for.
    pub asks: Asks,
}

/// The roles of people, as columns of the table.
pub const ROLES: [Role; 5] = [Role::Customer, Role::Reseller, Role::Support, Role::Admin, Role::SuperAdmin];

const fn cell(reach: Reach, asks: Asks) -> Right {
    Right { reach, asks }
}

const NO: Right = cell(Reach::Nothing, Asks::Nothing);
const OWN: Right = cell(Reach::Own, Asks::Nothing);
const THEIRS: Right = cell(Reach::OwnCustomers, Asks::Nothing);
const PART: Right = cell(Reach::Part, Asks::Nothing);
const ALL: Right = cell(Reach::All, Asks::Nothing);
const OWN_CONFIRMED: Right = cell(Reach::Own, Asks::Confirmation);
const THEIRS_CONFIRMED: Right = cell(Reach::OwnCustomers, Asks::Confirmation);
const OWN_PASSWORD: Right = cell(Reach::Own, Asks::Password);
const ALL_REASON: Right = cell(Reach::All, Asks::Reason);
const ALL_PASSWORD: Right = cell(Reach::All, Asks::Password);

/// The table; columns as in [`ROLES`].
#[rustfmt::skip]
const fn row(capability: Capability) -> [Right; 5] {
    match capability {
        //                               customer       reseller          support  admin       super admin
        Capability::ViewStores        => [OWN,           THEIRS,           ALL,     ALL,        ALL],
        Capability::WorkOnStores      => [OWN,           THEIRS,           NO,      ALL,        ALL],
        Capability::EndangerStores    => [OWN_CONFIRMED, THEIRS_CONFIRMED, NO,      ALL_REASON, ALL_REASON],
        Capability::RevealCredentials => [OWN_PASSWORD,  NO,               NO,      ALL_REASON, ALL_REASON],
        Capability::ManageDns         => [OWN,           NO,               NO,      NO,         NO],
        Capability::AnswerTickets     => [OWN,           THEIRS,           ALL,     ALL,        ALL],
        Capability::Refund            => [NO,            NO,               PART,    ALL,        ALL],
        Capability::ReadLogs          => [OWN,           THEIRS,           PART,    ALL,        ALL],
        Capability::OperateMachines   => [NO,            NO,               NO,      NO,         ALL_PASSWORD],
        Capability::ManageCustomers   => [NO,            THEIRS,           NO,      ALL,        ALL],
        Capability::ManageResellers   => [NO,            NO,               NO,      ALL,        ALL],
        Capability::ManageStaff       => [NO,            NO,               NO,      NO,         ALL],
        Capability::ReadAudit         => [OWN,           THEIRS,           ALL,     ALL,        ALL],
        Capability::ExportAudit       => [NO,            NO,               NO,      NO,         ALL],
        Capability::ViewAsCustomer    => [NO,            NO,               ALL_REASON, ALL_REASON, ALL_REASON],
    }
}

/// The right of a role. The command line on the machine and the product itself may everything; visitors nothing.
#[must_use]
pub fn right(role: Role, capability: Capability) -> Right {
    match role {
        Role::Operator | Role::System => ALL,
        Role::Visitor => NO,
        _ => ROLES.iter().position(|r| *r == role).map_or(NO, |column| row(capability)[column]),
    }
}

/// Whether a role's right goes at least as far as `reach`; never for `Reach::Nothing`, which is not a right.
#[must_use]
pub fn may(role: Role, capability: Capability, reach: Reach) -> bool {
    reach != Reach::Nothing && right(role, capability).reach >= reach
}

/// Whether somebody may give another person a role: it has to be theirs to manage, and may hold no right over
/// others that they lack. Rights over one's own things are everybody's and give no power.
#[must_use]
pub fn may_grant(by: Role, role: Role) -> bool {
    let manages = match role {
        Role::Customer => may(by, Capability::ManageCustomers, Reach::OwnCustomers),
        Role::Reseller => may(by, Capability::ManageResellers, Reach::All),
        Role::Support | Role::Admin | Role::SuperAdmin => may(by, Capability::ManageStaff, Reach::All),
        Role::Visitor | Role::Operator | Role::System => false,
    };
    manages
        && Capability::ALL.into_iter().all(|capability| {
            let given = right(role, capability).reach;
            given <= Reach::Own || right(by, capability).reach >= given
        })
}

/// The roles that may, in words for those who may not: "admins and super admins".
#[must_use]
pub fn who_may(capability: Capability, reach: Reach) -> String {
    let words: Vec<&str> = ROLES
        .into_iter()
        .filter(|role| may(*role, capability, reach))
        .map(|role| match role {
            Role::Customer => "store owners",
            Role::Reseller => "resellers",
            Role::Support => "support",
            Role::Admin => "admins",
            _ => "super admins",
        })
        .collect();
    match words.split_last() {
        None => "nobody".into(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as it was agreed, in words.
    const AGREED: &str = "
        ViewStores        | own           | own customers          | all    | all         | all
        WorkOnStores      | own           | own customers          | -      | all         | all
        EndangerStores    | own, confirm  | own customers, confirm | -      | all, reason | all, reason
        RevealCredentials | own, password | -                      | -      | all, reason | all, reason
        ManageDns         | own           | -                      | -      | -           | -
        AnswerTickets     | own           | own customers          | all    | all         | all
        Refund            | -             | -                      | part   | all         | all
        ReadLogs          | own           | own customers          | part   | all         | all
        OperateMachines   | -             | -                      | -      | -           | all, password
        ManageCustomers   | -             | own customers          | -      | all         | all
        ManageResellers   | -             | -                      | -      | all         | all
        ManageStaff       | -             | -                      | -      | -           | all
        ReadAudit         | own           | own customers          | all    | all         | all
        ExportAudit       | -             | -                      | -      | -           | all
        ViewAsCustomer    | -             | -                      | all, reason | all, reason | all, reason";

    #[test]
    fn the_table_is_the_agreed_one() {
        let lines: Vec<&str> = AGREED.trim().lines().collect();
        assert_eq!(lines.len(), Capability::ALL.len());
        for (line, capability) in lines.into_iter().zip(Capability::ALL) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            assert_eq!(cells[0], format!("{capability:?}"));
            for (words, role) in cells[1..].iter().zip(ROLES) {
                let (reach, asks) = words.split_once(", ").unwrap_or((words, ""));
                let reach = match reach {
                    "-" => Reach::Nothing,
                    "own" => Reach::Own,
                    "own customers" => Reach::OwnCustomers,
                    "part" => Reach::Part,
                    _ => Reach::All,
                };
                let asks = match asks {
                    "" => Asks::Nothing,
                    "confirm" => Asks::Confirmation,
                    "reason" => Asks::Reason,
                    _ => Asks::Password,
                };
                assert_eq!(right(role, capability), Right { reach, asks }, "{capability:?} of {role:?}");
            }
        }
    }

    #[test]
    fn what_is_not_given_is_refused() {
        for capability in Capability::ALL {
            for reach in [Reach::Own, Reach::OwnCustomers, Reach::Part, Reach::All] {
                assert!(!may(Role::Visitor, capability, reach));
            }
            assert!(!may(Role::SuperAdmin, capability, Reach::Nothing), "nothing is not a right");
        }
        assert!(may(Role::Reseller, Capability::ViewStores, Reach::Own), "a wider right includes the narrower");
        assert!(!may(Role::Reseller, Capability::ViewStores, Reach::Part));
    }

    #[test]
    fn nobody_gives_a_role_with_a_right_they_lack() {
        let gives = |by| ROLES.into_iter().filter(|role| may_grant(by, *role)).collect::<Vec<_>>();
        assert_eq!(gives(Role::Customer), []);
        assert_eq!(gives(Role::Reseller), [Role::Customer]);
        assert_eq!(gives(Role::Support), []);
        assert_eq!(gives(Role::Admin), [Role::Customer, Role::Reseller]);
        assert_eq!(gives(Role::SuperAdmin), ROLES);
        assert_eq!(gives(Role::Operator), ROLES);
        for by in ROLES {
            for role in [Role::Visitor, Role::Operator, Role::System] {
                assert!(!may_grant(by, role));
            }
        }
    }

    #[test]
    fn refusals_name_the_roles_that_may() {
        assert_eq!(who_may(Capability::WorkOnStores, Reach::All), "admins and super admins");
        assert_eq!(who_may(Capability::ViewStores, Reach::All), "support, admins and super admins");
        assert_eq!(who_may(Capability::ManageStaff, Reach::All), "super admins");
        assert_eq!(who_may(Capability::ManageDns, Reach::All), "nobody");
    }
}
