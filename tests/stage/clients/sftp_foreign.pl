# SPDX-License-Identifier: ISC
# Net::SFTP::Foreign: CONFIG, then words of put A B, get A B, rename A B, list A, times A N.
use strict;
use warnings;
use Net::SFTP::Foreign;

my ($config, @words) = @ARGV;
my $sftp = Net::SFTP::Foreign->new("server", more => ["-F", $config]);
$sftp->die_on_error("no session");
while (@words) {
	my ($verb, $first) = splice(@words, 0, 2);
	if ($verb eq "list") {
		print "$_->{filename}\n" for @{$sftp->ls($first) || []};
	} elsif ($verb eq "times") {
		my $time = shift @words;
		$sftp->utime($first, $time, $time);
	} else {
		$sftp->$verb($first, shift @words);
	}
	$sftp->die_on_error($verb);
}
