# The same as listen.py, for the base image, which has no Python.
use IO::Socket::INET;
$SIG{TERM} = sub { exit 0 };
my $server = IO::Socket::INET->new(LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die $!;
while (my $client = $server->accept) { print $client "here\n"; close $client; }
