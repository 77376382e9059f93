package clientcmd

import (
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// help fits a screen of 24 lines. That of the flag library doesn't.
const help = `mtsclient [flags] FILE...  saves files: 'reports/*.pdf' -r tree  -i LIST
mtsclient -l [-r] [PATH...]  lists;  -x "VERB args"  sends any command
--server URL  HOST[:PORT] or mts://... (TLS), mts+starttls:// or mts+plain://
--user NAME   password: $MTS_PASSWORD_FILE, $MTS_PASSWORD, or asked
--pin sha256:... --ca FILE --known-hosts FILE --trust  which server to trust
--cert FILE --key FILE  client certificate    --starttls  TLS on a plain port
-o, --output DIR  save in DIR, - is stdout    -O, --output-file FILE  save as
-r, --recursive  folders too                  --max-depth N  levels of them
--include GLOB --exclude GLOB  in order, the first match counts, as in rsync
-i, --input LIST  paths from a file or -      -l, --list  with --human sizes
-c, --continue  go on with unfinished files   --force  overwrite files
-u, --update  fetch what is new or changed    --dry-run  only say it
--delete [--yes]  with -r -u: delete what the server no longer has
-j, --parallel N  connections                 --limit-rate N  bytes/s, as 2MB
--timeout TIME  longest wait (30s)            --verify  compare SHA-256
--retry-for TIME  without a byte (1m)         --retries N  at most so many
-q, --quiet  -v, --verbose  --json  one object a file          --version
--insecure-plaintext  allow a password without TLS beyond this computer
$MTS_SERVER, $MTS_USER and $ALL_PROXY (socks5://, http://) are used if set.
Exit: 0 all saved or unchanged, 1 not all, 2 usage, 3 no connection, 4 TLS or
pin, 5 login, 6 a file is incomplete or wrong. mtsclient help commands: for
users of rsync, wget, curl, sftp or croc. mtsclient completion bash|zsh|fish
`

// helpCommands shows commands that people know, and ours next to them. S stands for
// a server, or is left out with MTS_SERVER set.
const helpCommands = `What you know                          mtsclient --server S ...

rsync -a S:/pub/tree .                 -r /pub/tree
rsync -a --delete S:/pub/tree .        -r -u --delete /pub/tree
rsync -an S:/pub/tree .                -r -u --dry-run /pub/tree
rsync -ac S:/pub/tree .                -r -u --verify /pub/tree
rsync --exclude '*.tmp' -a S:/t .      -r -u --exclude '*.tmp' /t
rsync --partial S:/big.iso .           -c /big.iso
rsync --bwlimit=2m S:/big.iso .        --limit-rate 2MB /big.iso
rsync --files-from=LIST S:/ .          -i LIST
rsync S:/pub/                          -l /pub
wget URL/a.zip                         /a.zip
wget -c URL/big.iso                    -c /big.iso
wget -N URL/a.zip                      -u /a.zip
wget -r -l 2 URL/pub                   -r --max-depth 2 /pub
wget -i LIST                           -i LIST
wget -O name URL/a.zip                 -O name /a.zip
wget -qO- URL/a.txt                    -q -O - /a.txt
wget -P dir URL/a.zip                  -o dir /a.zip
curl -O URL/a.zip                      /a.zip
curl URL/a.txt                         -O - /a.txt
curl -C - -O URL/big.iso               -c /big.iso
curl --limit-rate 2M -O URL/big.iso    --limit-rate 2MB /big.iso
curl -Z -O URL/a -O URL/b              -j 2 /a /b
curl --pinnedpubkey sha256//K= URL/a   --pin sha256:K= /a
curl -x socks5h://P:1080 -O URL/a      with ALL_PROXY=socks5://P:1080: /a
sftp ann@S                             --user ann -l /
sftp> ls -l pub                        -l pub
sftp> get a.zip                        a.zip
sftp> get -r tree                      -r tree
sftp> reget big.iso                    -c big.iso
scp ann@S:/a.zip .                     --user ann /a.zip
ssh S 'sha256sum a.zip'                -x 'HASH a.zip'
croc --yes CODE                        --pin sha256:... FILE   (mtsd prints it)
`

// helpTopic shows the topic of "mtsclient help TOPIC". It isn't a subcommand,
// because a file may have that name.
func (a *app) helpTopic(topic string) error {
	text := map[string]string{"commands": helpCommands, "flags": help}[topic]
	if text == "" {
		return usagef("no help on %s; there is: commands, flags", topic)
	}
	_, err := io.WriteString(a.stdout, text)
	return err
}

// completion writes a shell script that completes the flags.
func (a *app) completion(cmd *cobra.Command, shell string) error {
	shells := map[string]func() error{
		"bash":       func() error { return cmd.GenBashCompletionV2(a.stdout, true) },
		"zsh":        func() error { return cmd.GenZshCompletion(a.stdout) },
		"fish":       func() error { return cmd.GenFishCompletion(a.stdout, true) },
		"powershell": func() error { return cmd.GenPowerShellCompletionWithDesc(a.stdout) },
	}
	write, ok := shells[shell]
	if !ok {
		return usagef("no completion for %s; there is: %s", shell, strings.Join(slices.Sorted(maps.Keys(shells)), ", "))
	}
	return write()
}
