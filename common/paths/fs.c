/* SPDX-License-Identifier: ISC */
#include <sys/vfs.h>

#include <stddef.h>

#include <linux/magic.h>

#include "paths/fs.h"

bool
fs_is_kernels(int fd)
{
	static const unsigned long types[] = {
		PROC_SUPER_MAGIC, SYSFS_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
		DEBUGFS_MAGIC, TRACEFS_MAGIC, SECURITYFS_MAGIC, SELINUX_MAGIC, BPF_FS_MAGIC,
		EFIVARFS_MAGIC, BINDERFS_SUPER_MAGIC, NSFS_MAGIC, DEVPTS_SUPER_MAGIC,
		BINFMTFS_MAGIC, PSTOREFS_MAGIC, RDTGROUP_SUPER_MAGIC, SMACK_MAGIC,
		0x62656570 /* configfs */, 0x65735543 /* fusectl */, 0x19800202 /* mqueue */,
		0x67596969 /* rpc_pipefs */, 0x6e667364 /* nfsd */,
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) == -1)
		return true;	/* What cannot be told is not served. */
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((unsigned long)fs.f_type == types[i])
			return true;
	return false;
}
