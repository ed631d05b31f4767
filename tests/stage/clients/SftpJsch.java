// SPDX-License-Identifier: ISC
// JSch: PORT USER KEY, then words of put A B, get A B, rename A B, list A, times A N, reput A B, reget A B.
import com.jcraft.jsch.ChannelSftp;
import com.jcraft.jsch.JSch;
import com.jcraft.jsch.Session;

public class SftpJsch {
	public static void main(String[] words) throws Exception {
		JSch jsch = new JSch();
		jsch.addIdentity(words[2]);
		Session session = jsch.getSession(words[1], "127.0.0.1", Integer.parseInt(words[0]));
		session.setConfig("StrictHostKeyChecking", "no");
		session.connect();
		ChannelSftp sftp = (ChannelSftp)session.openChannel("sftp");
		try {
			sftp.connect();
			for (int i = 3; i < words.length; i += words[i].equals("list") ? 2 : 3)
				step(sftp, words[i], words[i + 1], i + 2 < words.length ? words[i + 2] : "");
		} finally {
			session.disconnect();
		}
	}

	static void step(ChannelSftp sftp, String verb, String first, String second) throws Exception {
		switch (verb) {
		case "put" -> sftp.put(first, second, ChannelSftp.OVERWRITE);
		case "reput" -> sftp.put(first, second, ChannelSftp.RESUME);
		case "get" -> sftp.get(first, second);
		case "reget" -> sftp.get(first, second, null, ChannelSftp.RESUME);
		case "rename" -> sftp.rename(first, second);
		case "times" -> sftp.setMtime(first, Integer.parseInt(second));
		case "list" -> {
			for (Object entry : sftp.ls(first))
				System.out.println(((ChannelSftp.LsEntry)entry).getFilename());
		}
		default -> throw new IllegalArgumentException(verb);
		}
	}
}
