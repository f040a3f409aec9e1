//! The table from causes to what a step says: class, code, words for the owner, words for staff.

use crate::docker::DockerError;
use crate::edge::EdgeError;
use crate::edge::nginx::NginxError;
use crate::engine::StepError;
use crate::engine::step::chain;
use crate::files::FileError;
use crate::host::firewall::FirewallError;
use crate::host::quota::QuotaError;
use crate::shop::branding::BrandError;
use crate::shop::images::ImagesError;
use crate::shop::template::TemplateError;
use crate::shop::verify::VerifyError;

const WAITING: &str = "The server for your store is not ready right now. Nothing is lost; we go on as soon as it is";
const AGAIN: &str = "This did not work at once. We are trying again";
const TOLD: &str = "We could not finish this. Nothing of it is left behind, and we have been told";

/// Code of every error about a full disk.
pub const DISK_FULL: &str = "disk_full";

/// There is no room for one more store on this server.
#[must_use]
pub fn no_room(detail: &str) -> StepError {
    StepError::last(
        DISK_FULL,
        "Our server has no room for your store right now. Nothing of it is left behind, and we have been told. \
         Try again later",
        format!("{detail}: free space on this server or move its data directory to a larger disk, then retry"),
    )
}

impl From<DockerError> for StepError {
    fn from(e: DockerError) -> Self {
        let detail = chain(&e);
        match e {
            DockerError::Unreachable { .. } => Self::unfit("docker_down", WAITING, detail),
            DockerError::NoSpace { .. } => Self::unfit(DISK_FULL, WAITING, detail),
            DockerError::ImageMissing { .. } => Self::last(
                "image_missing",
                "The building blocks for your store are missing on our server. Nothing of it is left behind, and we have been told",
                format!("{detail}: run scripts/images on this server, then retry"),
            ),
            DockerError::PortInUse { .. } => Self::passing("port_in_use", AGAIN, detail),
            DockerError::SubnetTaken { .. } => Self::passing("subnet_in_use", AGAIN, detail),
            DockerError::Conflict { .. } => Self::passing("docker_conflict", AGAIN, detail),
            DockerError::NotFound { .. } => Self::passing("container_gone", AGAIN, detail),
            DockerError::Other { .. } => Self::passing("docker_refused", AGAIN, detail),
        }
    }
}

impl From<FileError> for StepError {
    fn from(e: FileError) -> Self {
        if e.is_full() {
            Self::unfit(DISK_FULL, WAITING, e)
        } else if matches!(e.cause, nix::errno::Errno::EROFS | nix::errno::Errno::EIO) {
            Self::unfit("disk_broken", WAITING, e)
        } else {
            Self::passing("files", AGAIN, e)
        }
    }
}

impl From<TemplateError> for StepError {
    fn from(e: TemplateError) -> Self {
        let detail = chain(&e);
        match e {
            TemplateError::Docker(e) => e.into(),
            TemplateError::File(e) => e.into(),
            TemplateError::Unpack(e) if e.raw_os_error() == Some(nix::errno::Errno::ENOSPC as i32) => {
                Self::unfit(DISK_FULL, WAITING, detail)
            }
            TemplateError::Unpack(_) | TemplateError::Task => Self::passing("template", AGAIN, detail),
        }
    }
}

impl From<ImagesError> for StepError {
    fn from(e: ImagesError) -> Self {
        Self::last("image_missing", TOLD, chain(&e))
    }
}

impl From<FirewallError> for StepError {
    fn from(e: FirewallError) -> Self {
        Self::unfit("firewall", WAITING, format!("stores cannot be walled off: {}", chain(&e)))
    }
}

impl From<QuotaError> for StepError {
    fn from(e: QuotaError) -> Self {
        Self::passing("quota", AGAIN, chain(&e))
    }
}

impl From<EdgeError> for StepError {
    fn from(e: EdgeError) -> Self {
        let detail = chain(&e);
        match e {
            EdgeError::File(e) => e.into(),
            EdgeError::Nginx(NginxError::NotRunning(_)) => Self::unfit("edge_down", WAITING, detail),
            EdgeError::Nginx(NginxError::Refused(_)) => Self::last("edge_refused", TOLD, detail),
            EdgeError::Nginx(NginxError::Command(_)) | EdgeError::NotConfirmed(..) => {
                Self::passing("edge", AGAIN, detail)
            }
        }
    }
}

impl From<BrandError> for StepError {
    fn from(e: BrandError) -> Self {
        let detail = chain(&e);
        match e {
            BrandError::File(e) => e.into(),
            BrandError::NotATemplate(_) => Self::last("template", TOLD, detail),
            BrandError::Sql(_) | BrandError::Cache(..) => Self::passing("shop_database", AGAIN, detail),
        }
    }
}

impl From<VerifyError> for StepError {
    fn from(e: VerifyError) -> Self {
        Self::passing("not_verified", "Your store does not answer as it should yet. We are trying again", chain(&e))
    }
}
