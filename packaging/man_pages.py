#!/usr/bin/env python3
"""Writes the manual pages from what the programs say of themselves.

    packaging/man_pages.py PROGRAMS_DIR TARGET_DIR

lepus.8, lepus.conf.5 (every key, by `lepus --list-config-markdown`), lepusctl.8 (every verb, by
`lepusctl help VERB`), lepus-perf.1 and lepus-journal.1. So a key or verb has its page with its row
in the table of the program. The date is SOURCE_DATE_EPOCH's, as reproducible packages want it.
"""
import datetime
import os
import re
import subprocess
import sys
import time

PROGRAM_S = 30


def run(programs, name, *words):
    """What it prints, called by its name alone: a usage line may show how it was called."""
    path = os.path.join(os.path.abspath(programs), name)
    done = subprocess.run([name, *words], executable=path, capture_output=True, text=True,
                          timeout=PROGRAM_S, check=False)
    if done.returncode:
        sys.exit(f"{path} {' '.join(words)}: exit code {done.returncode}: {done.stderr}")
    return done.stdout


def escape(text):
    """Text as troff takes it: nothing of it is a request or an escape."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace(",", ",\\:")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line
                     for line in text.split("\n"))


class Page:
    def __init__(self, name, section, version, summary):
        stamp = int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))
        date = datetime.datetime.fromtimestamp(stamp, datetime.timezone.utc).date()
        self.file = f"{name}.{section}"
        self.lines = [f'.TH "{name.upper()}" "{section}" "{date}" "lepus {version}" "Lepus"',
                      ".ad l", ".nh"]
        self.section("NAME", f"{name} \\- {escape(summary)}", raw=True)

    def section(self, title, text="", raw=False):
        self.lines.append(f".SH {title}")
        if text:
            self.lines.append(text if raw else escape(text))

    def heading(self, title):
        self.lines.append(f'.SS "{escape(title)}"')

    def item(self, term, text):
        self.lines += [".TP", f"\\fB{escape(term)}\\fR", escape(text) or "\\&"]

    def literal(self, text):
        self.lines += [".nf", escape(text.strip("\n")), ".fi"]

    def paragraph(self, text):
        self.lines += [".PP", escape(text)]

    def write(self, target):
        with open(os.path.join(target, self.file), "w", encoding="utf-8") as stream:
            stream.write("\n".join(self.lines) + "\n")


def version_of(programs):
    return run(programs, "lepus", "--version").split()[-1]


def plain(cell):
    """A cell of a Markdown table without its marks."""
    return cell.strip().replace("`", "").replace("\\|", "|")


def config_page(programs, version):
    page = Page("lepus.conf", 5, version, "configuration of the message broker Lepus")
    page.section("DESCRIPTION",
                 "One key = value a line, in the style of rabbitmq.conf; keys that RabbitMQ has "
                 "too mean the same. A # starts a comment at the beginning of a line or value and "
                 "behind a blank. Single quotes protect a value; $(NAME) stands for an "
                 "environment variable. Read are the file, then the *.conf of the directory "
                 "conf.d beside it in the order of their names, then RABBITMQ_DEFAULT_USER, "
                 "RABBITMQ_DEFAULT_PASS and RABBITMQ_DEFAULT_VHOST, then --set; what comes later "
                 "overrides what came before.")
    page.paragraph("Sizes are bytes or take a unit: KB, MB, GB count in powers of 1000, KiB, MiB, "
                   "GiB in powers of 1024. After systemctl reload lepus, a changed value takes "
                   "effect as its key says.")
    page.section("KEYS")
    for line in run(programs, "lepus", "--list-config-markdown").splitlines():
        if line.startswith("### "):
            page.heading(line[4:])
        elif line.startswith("| `"):
            key, default, accepts, text, takes = [
                plain(cell) for cell in re.split(r"(?<!\\)\|", line)[1:6]]
            page.item(key, f"{text}\n.br\nAccepts {accepts}. Default: {default}. "
                           f"A change takes effect {takes}.")
    page.section("FILES")
    page.item("/etc/lepus/lepus.conf", "the file that is read when no other is named")
    page.item("/etc/lepus/conf.d/*.conf", "read after it")
    page.section("SEE ALSO", "lepus(8), lepusctl(8)")
    page.lines = [line.replace("\\&.br", ".br") for line in page.lines]
    return page


def help_page(programs, name, section, version, summary):
    page = Page(name, section, version, summary)
    page.section("SYNOPSIS")
    page.literal(f"{name} [options]")
    page.section("DESCRIPTION")
    page.literal(run(programs, name, "--help"))
    return page


def load_generator_page(programs, version):
    """Its modes by --help, and each command by its own."""
    page = help_page(programs, "lepus-perf", 1, version, "load generator for AMQP 0-9-1 brokers")
    overview = run(programs, "lepus-perf", "--help").split("Commands, each", 1)[1]
    page.section("COMMANDS")
    for command in re.findall(r"^  ([a-z]+) {2,}\S", overview.split("\n\n", 1)[0], re.M):
        page.heading(command)
        page.literal(run(programs, "lepus-perf", command, "--help"))
    page.section("SCENARIOS")
    page.literal(run(programs, "lepus-perf", "list"))
    page.section("EXIT STATUS")
    page.item("0", "the run was completed")
    page.item("1", "bad options or files, the broker ended the run, a result is worse than the "
                   "one it is compared with, or calls were lost")
    page.section("SEE ALSO", "lepus(8), /usr/share/doc/lepus-perf/load-testing.md")
    return page


def broker_page(programs, version):
    page = help_page(programs, "lepus", 8, version, "AMQP 0-9-1 message broker")
    page.section("EXIT STATUS")
    for code, text in (("0", "stopped cleanly, or what was asked for went well"),
                       ("1", "could not start, or stopped because of an error"),
                       ("2", "wrong command line"),
                       ("73", "the disk of data_dir is full"),
                       ("78", "the configuration is wrong")):
        page.item(code, text)
    page.section("ENVIRONMENT")
    page.item("LEPUS_CONFIG_FILE", "names the configuration file, as --config does")
    page.item("RABBITMQ_DEFAULT_USER, RABBITMQ_DEFAULT_PASS, RABBITMQ_DEFAULT_VHOST",
              "the first user and virtual host of a new data directory")
    page.item("RABBITMQ_ENABLED_PLUGINS_FILE",
              "a list of plugins; those that are not built in are warned about")
    page.item("NOTIFY_SOCKET, WATCHDOG_USEC", "of a service manager, see sd_notify(3)")
    page.section("SEE ALSO", "lepus.conf(5), lepusctl(8), lepus-journal(1). In "
                 "/usr/share/doc/lepus, OPERATIONS.md leads from tasks and symptoms to pages.")
    return page


def tool_page(programs, version):
    page = Page("lepusctl", 8, version, "asks and controls a message broker of this machine")
    overview = run(programs, "lepusctl", "help")
    page.section("SYNOPSIS")
    page.literal("lepusctl [--node <node>] [--socket <path>] [--timeout <timeout>] [--quiet] "
                 "<command> [<command options>]")
    page.section("DESCRIPTION",
                 "The verbs, options and output are rabbitmqctl's; a link to it named rabbitmqctl, "
                 "rabbitmq-diagnostics, rabbitmq-queues, rabbitmq-streams or rabbitmq-upgrade has "
                 "the help of that tool. It works through a socket in the data directory, which "
                 "only root and the broker's own user may use.")
    page.section("COMMANDS")
    for line in overview.splitlines():
        if re.fullmatch(r"[A-Z][^:]*:", line) and "commands" not in line:
            page.heading(line[:-1])
        elif match := re.fullmatch(r"   (\S+) +(\S.*)", line):
            verb_entry(page, programs, match[1])
    general = run(programs, "lepusctl", "help", "status").split("General Options", 1)[1]
    page.section("GENERAL OPTIONS")
    page.literal(general)
    page.section("SEE ALSO", "lepus(8), lepus.conf(5)")
    return page


def verb_entry(page, programs, verb):
    """The usage of a verb without what every verb has, and its description."""
    text = run(programs, "lepusctl", "help", verb).split("\nGeneral Options", 1)[0]
    usage, _, rest = text.split("Usage", 1)[1].strip().partition("\n")
    usage = re.sub(r"^lepusctl \[--node <node>\] \[--socket <path>\] \[--quiet\] ", "", usage)
    text, *arguments = rest.strip().split("\nArguments and Options\n")
    page.item(usage.strip(), text.strip())
    blocks = [block for part in arguments for block in part.strip().split("\n\n")]
    if not blocks:
        return
    page.lines.append(".RS")
    for block in blocks:
        term, _, explanation = block.strip().partition("\n")
        page.item(term, " ".join(explanation.split()))
    page.lines.append(".RE")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    programs, target = sys.argv[1:]
    os.makedirs(target, exist_ok=True)
    version = version_of(programs)
    for page in (broker_page(programs, version), config_page(programs, version),
                 tool_page(programs, version),
                 load_generator_page(programs, version),
                 help_page(programs, "lepus-journal", 1, version,
                           "shows and verifies the data directory of a message broker")):
        page.write(target)


if __name__ == "__main__":
    main()
