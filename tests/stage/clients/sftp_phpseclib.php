<?php
// SPDX-License-Identifier: ISC
// phpseclib 2: PORT USER KEY, then words of put A B, get A B, rename A B, list A, times A N, reput A B.
require "phpseclib/autoload.php";

use phpseclib\Crypt\RSA;
use phpseclib\Net\SFTP;

[, $port, $user, $file] = $argv;
$words = array_slice($argv, 4);
$key = new RSA();
$key->loadKey(file_get_contents($file));
$sftp = new SFTP("127.0.0.1", (int)$port);
if (!$sftp->login($user, $key))
	exit("no session\n");
while ($words) {
	$verb = array_shift($words);
	$first = array_shift($words);
	$second = $verb == "list" ? null : array_shift($words);
	$done = match ($verb) {
		"put" => $sftp->put($second, $first, SFTP::SOURCE_LOCAL_FILE),
		"reput" => $sftp->put($second, $first, SFTP::SOURCE_LOCAL_FILE | SFTP::RESUME, -1,
		    $sftp->size($second)),
		"get" => $sftp->get($first, $second),
		"rename" => $sftp->rename($first, $second),
		"times" => $sftp->touch($first, (int)$second, (int)$second),
		"list" => is_array($names = $sftp->nlist($first)) && print(implode("\n", $names) . "\n"),
	};
	if (!$done) {
		fwrite(STDERR, "$verb: " . $sftp->getLastSFTPError() . "\n");
		exit(1);
	}
}
