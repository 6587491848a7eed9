/*
 * Says whether a virtual terminal of the kernel takes keys, or changes it: `console_keys /dev/tty1`,
 * `console_keys /dev/tty1 on`, `console_keys /dev/tty1 off` (ioctl_console(2)).
 */
#include <fcntl.h>
#include <linux/kd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  int terminal = open(argv[1], O_RDWR | O_NOCTTY);
  if (terminal < 0) return perror(argv[1]), 1;
  if (argc > 2 && ioctl(terminal, KDSKBMODE, strcmp(argv[2], "on") ? K_OFF : K_UNICODE))
    return perror("KDSKBMODE"), 1;
  int mode;
  if (ioctl(terminal, KDGKBMODE, &mode)) return perror("KDGKBMODE"), 1;
  puts(mode == K_OFF ? "off" : "on");
  return 0;
}
