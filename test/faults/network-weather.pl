# Two tunnel devices, `near` and `far`, and the weather between them: what enters one leaves the other some time later,
# or never. Perl, because a device is attached by ioctl(2), which Node lacks, and because every Debian has it.
#
# usage: network-weather.pl LOSS_PERCENT DELAY_MS SEED
use strict;
use warnings;
use Time::HiRes 'time';

use constant {
    TUNSETIFF => 0x400454ca,
    IFF_TUN   => 0x0001,
    IFF_NO_PI => 0x1000,
};
use constant LARGEST_PACKET => 65_536;

my ($loss_percent, $delay_ms, $seed) = @ARGV;
srand $seed;

my @devices = map { open_device($_) } 'near', 'far';
# In the order in which they are due, since the delay is the same for all: [time, device, packet].
my @under_way;

$| = 1;
print "ready\n";

# Whoever started us holds our stdin open.
my $owner_gone = 0;
until ($owner_gone) {
    my $readable = '';
    vec($readable, fileno $_, 1) = 1 for @devices, \*STDIN;
    my $wait = @under_way ? $under_way[0][0] - time : undef;
    $wait = 0 if defined $wait && $wait < 0;
    select $readable, undef, undef, $wait;
    for my $end (0, 1) {
        next unless vec $readable, fileno $devices[$end], 1;
        next unless sysread $devices[$end], my $packet, LARGEST_PACKET;
        push @under_way, [time + $delay_ms / 1000, $devices[1 - $end], $packet] if rand(100) >= $loss_percent;
    }
    while (@under_way && $under_way[0][0] <= time) {
        my (undef, $device, $packet) = @{ shift @under_way };
        syswrite $device, $packet;
    }
    $owner_gone = vec($readable, fileno STDIN, 1) && !sysread STDIN, my $ignored, 1;
}

sub open_device {
    my ($name) = @_;
    open my $device, '+<', '/dev/net/tun' or die "/dev/net/tun: $!\n";
    ioctl $device, TUNSETIFF, pack('Z16 S x22', $name, IFF_TUN | IFF_NO_PI) or die "$name: $!\n";
    return $device;
}
