/* SPDX-License-Identifier: ISC */
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <linux/magic.h>

#include "paths/fs.h"

enum {
	BLOCK = 512	/* bytes, of st_blocks */
};

int
fs_size_of(const struct stat *st, uint64_t *size)
{
	errno = EOVERFLOW;
	if (st->st_size < 0)
		return -1;
	*size = (uint64_t)st->st_size;
	return 0;
}

uint64_t
fs_taken_by(const struct stat *st)
{
	if (st->st_blocks < 0)
		return 0;
	return (uint64_t)st->st_blocks > INT64_MAX / BLOCK ? INT64_MAX : (uint64_t)st->st_blocks * BLOCK;
}

/* A type may be a negative number where it does not fit otherwise. */
static bool
is_one_of(unsigned long type, const unsigned long *types, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (types[i] == (type & UINT32_MAX))
			return true;
	return false;
}

bool
fs_is_made_up(const struct statfs *fs)
{
	static const unsigned long types[] = {
		PROC_SUPER_MAGIC, SYSFS_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
		DEBUGFS_MAGIC, TRACEFS_MAGIC, SECURITYFS_MAGIC, SELINUX_MAGIC, BPF_FS_MAGIC,
		EFIVARFS_MAGIC, BINDERFS_SUPER_MAGIC, NSFS_MAGIC, DEVPTS_SUPER_MAGIC,
		BINFMTFS_MAGIC, PSTOREFS_MAGIC, RDTGROUP_SUPER_MAGIC, SMACK_MAGIC,
		0x62656570 /* configfs */, 0x65735543 /* fusectl */, 0x19800202 /* mqueue */,
		0x67596969 /* rpc_pipefs */, 0x6e667364 /* nfsd */,
	};

	return is_one_of((unsigned long)fs->f_type, types, sizeof(types) / sizeof(types[0]));
}

bool
fs_is_kernels(int fd)
{
	struct statfs fs;

	/* What cannot be told is not served. */
	return fstatfs(fd, &fs) == -1 || fs_is_made_up(&fs);
}

bool
fs_is_plain(const struct statfs *fs)
{
	static const unsigned long types[] = {
		EXT4_SUPER_MAGIC /* and ext2, ext3 */, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
		TMPFS_MAGIC, F2FS_SUPER_MAGIC, MSDOS_SUPER_MAGIC, EXFAT_SUPER_MAGIC,
		0xca451a4e /* bcachefs */, 0x2fc12fc1 /* zfs */,
	};

	return is_one_of((unsigned long)fs->f_type, types, sizeof(types) / sizeof(types[0]));
}

bool
fs_counts_bytes(const struct statfs *fs)
{
	static const unsigned long types[] = {
		EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, TMPFS_MAGIC, F2FS_SUPER_MAGIC, MSDOS_SUPER_MAGIC,
		EXFAT_SUPER_MAGIC,
	};

	return is_one_of((unsigned long)fs->f_type, types, sizeof(types) / sizeof(types[0]));
}

uint64_t
fs_attributes(int fd)
{
	struct statx sx;

	return syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &sx) == 0
	    ? sx.stx_attributes : 0;
}

bool
fs_folds(const struct statfs *fs)
{
	static const unsigned long types[] = {
		MSDOS_SUPER_MAGIC /* and vfat */, EXFAT_SUPER_MAGIC, CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC,
		SMB_SUPER_MAGIC, HPFS_SUPER_MAGIC, AFFS_SUPER_MAGIC, ADFS_SUPER_MAGIC,
		0x7366746e /* ntfs3 */, 0x5346544e /* ntfs */, 0x4244 /* hfs */, 0x482b /* hfsplus */,
		0x786f4256 /* vboxsf */,
	};

	return is_one_of((unsigned long)fs->f_type, types, sizeof(types) / sizeof(types[0]));
}

bool
fs_folds_by_flag(const struct statfs *fs)
{
	static const unsigned long types[] = {
		EXT4_SUPER_MAGIC, F2FS_SUPER_MAGIC, TMPFS_MAGIC, 0xca451a4e /* bcachefs */,
		XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, RAMFS_MAGIC, OVERLAYFS_SUPER_MAGIC,
		ECRYPTFS_SUPER_MAGIC, SQUASHFS_MAGIC, EROFS_SUPER_MAGIC_V1, NILFS_SUPER_MAGIC,
	};

	return is_one_of((unsigned long)fs->f_type, types, sizeof(types) / sizeof(types[0]));
}
