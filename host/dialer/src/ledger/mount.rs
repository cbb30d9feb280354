//! Which file system a ledger is on.
//!
//! SQLite's write-ahead log needs memory that all of its readers share, which network file systems do not have: "All
//! processes using a database must be on the same host computer; WAL does not work over a network filesystem"
//! (`sqlite.org/wal.html`).

use std::path::Path;

/// Types of file systems that other machines may serve, as Linux names them.
const NETWORK_TYPES: [&str; 14] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "afs",
    "ceph",
    "glusterfs",
    "lustre",
    "ncpfs",
    "fuse.sshfs",
    "fuse.glusterfs",
    "fuse.s3fs",
];

/// The type of the network file system that a folder is on. None if it is a local one, or if the system does not tell.
pub(super) fn network_file_system(folder: &Path) -> Option<String> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let kind = type_of(&mounts, &folder.canonicalize().ok()?)?;
    NETWORK_TYPES.contains(&kind).then(|| kind.to_owned())
}

/// The type of the file system that holds a path: that of the longest mount point above it, the last one of several.
/// Lines are those of `man 5 proc_pid_mountinfo`.
fn type_of<'m>(mounts: &'m str, path: &Path) -> Option<&'m str> {
    let above = mounts.lines().filter_map(|line| {
        let (place, about) = line.split_once(" - ")?;
        let mount_point = place.split(' ').nth(4)?.replace("\\040", " ");
        let kind = about.split(' ').next()?;
        path.starts_with(&mount_point).then_some((mount_point.len(), kind))
    });
    above.max_by_key(|(length, _)| *length).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_mount_point_tells_the_file_system() {
        let mounts = "\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:26 / /srv/dialer rw,relatime shared:1 - nfs4 filer:/export rw,vers=4.2
31 30 0:27 / /srv/dialer/local rw - xfs /dev/vdb rw
32 22 0:28 / /mnt/our\\040share rw shared:2 master:3 - cifs //filer/share rw
33 22 0:29 / /over rw - nfs filer:/a rw
34 22 0:30 / /over rw - tmpfs tmpfs rw
";
        let scenarios = [
            ("/var/lib/dialguard", Some("ext4")),
            ("/srv/dialer", Some("nfs4")),
            ("/srv/dialer/ledger", Some("nfs4")),
            ("/srv/dialers", Some("ext4")),
            ("/srv/dialer/local/ledger", Some("xfs")),
            ("/mnt/our share/ledger", Some("cifs")),
            ("/over/ledger", Some("tmpfs")),
        ];
        for (path, expected) in scenarios {
            assert_eq!(type_of(mounts, Path::new(path)), expected, "{path}");
        }
        assert_eq!(type_of("not a list of mounts", Path::new("/")), None);
    }
}
