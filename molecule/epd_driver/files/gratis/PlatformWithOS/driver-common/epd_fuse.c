/* A stand-in for the driver of 2017. It mounts nothing: it writes the two files that say what panel there is, and
 * removes them when it is stopped. It takes that driver's options, and needs the same header, which is gone. */
#include <bcm_host.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void write_file(const char *name, const char *format, const char *panel)
{
	FILE *file = fopen(name, "w");
	if (file != NULL) {
		fprintf(file, format, panel, FILM);
		fclose(file);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"panel", required_argument, NULL, 'p'}, {"spi", required_argument, NULL, 's'}, {0}};
	const char *panel = "";
	int option;
	while ((option = getopt_long(argc, argv, "fo:", options, NULL)) != -1)
		if (option == 'p')
			panel = optarg;
	if (optind >= argc || chdir(argv[optind]) != 0)
		return 1;

	sigset_t stop;
	int signal_number;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	write_file("version", "4\n", "");
	write_file("panel", "EPD %s 264x176 COG 2 FILM %s\n", panel);
	sigwait(&stop, &signal_number);
	return unlink("version") | unlink("panel");
}
