package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/docketlog/docket/internal/elasticsearch"
)

const (
	// startTimeout bounds a start, of which several may share two processors.
	startTimeout = 4 * time.Minute
	// stopTimeout bounds a stop; after it, the process is killed.
	stopTimeout = 30 * time.Second
	// longAgo is longer than any test takes.
	longAgo = 24 * time.Hour
	// javaOptions are a heap that is enough for tests, and a compiler that does not think
	// long, for most servers do not run for long.
	javaOptions = "-Xms512m -Xmx512m -XX:TieredStopAtLevel=1"
)

// Options of a Process.
type Options struct {
	// Settings are added to those of the server.
	Settings map[string]string
	// Java are the options of Java; "" means those of a server that is tested. To be
	// measured, a server needs more memory and the whole compiler.
	Java string
	// Security, of Elasticsearch only, asks everybody for TLS with a certificate, see
	// Process.TLS, and for a password, see Username, or a key or token made with it.
	Security bool
}

// Process is a server with one node. Its data outlives its stop and its death.
type Process struct {
	release Release
	options Options
	// folder has the settings, the data and the logs.
	folder     string
	home, java string
	port       int
	// tls is nil without Options.Security.
	tls    *tls.Config
	client *http.Client

	// command is the last run; exited is closed when it and its children have ended.
	command *exec.Cmd
	output  *output
	exited  chan struct{}
}

var errEnded = errors.New("it has ended")

// Start starts a server on a free port, installing it if need be, and returns when it
// can take requests.
func Start(ctx context.Context, release Release, options Options) (*Process, error) {
	p := &Process{release: release, options: options}
	if err := p.prepare(ctx); err != nil {
		_ = os.RemoveAll(p.folder)
		return nil, fmt.Errorf("prepare %s: %w", release, err)
	}
	var err error
	for range 3 { // somebody else may take the port before the server does
		if p.port, err = freePort(ctx); err != nil {
			break
		}
		if err = p.Restart(ctx); err == nil {
			return p, nil
		}
		if !errors.Is(err, errEnded) {
			break
		}
	}
	p.Remove()
	return nil, err
}

// URL is where the server listens; it stays the same.
func (p *Process) URL() *url.URL {
	scheme := "http"
	if p.options.Security {
		scheme = "https"
	}
	return &url.URL{Scheme: scheme, Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port))}
}

// TLS is how to connect to a server with Options.Security, nil without.
func (p *Process) TLS() *tls.Config { return p.tls.Clone() }

// Restart starts a server that has ended again, on the same data and port, and returns
// when it can take requests.
func (p *Process) Restart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := p.launch(); err != nil {
		return fmt.Errorf("start %s: %w", p.release, err)
	}
	if err := p.wait(ctx); err != nil {
		return fmt.Errorf("start %s: %w; it wrote:\n%s", p.release, err, p.output)
	}
	return nil
}

// Stop ends the server as an operator does. It returns when it has ended.
func (p *Process) Stop() {
	if p.command == nil {
		return
	}
	_ = p.command.Process.Signal(syscall.SIGTERM) // fails only when it has ended
	select {
	case <-p.exited:
	case <-time.After(stopTimeout):
	}
	p.Kill()
}

// Kill ends the server as a power failure does. It returns when it has ended.
func (p *Process) Kill() {
	if p.command == nil {
		return
	}
	signalGroup(p.command.Process, syscall.SIGKILL)
	<-p.exited
}

// Remove kills the server and removes its data.
func (p *Process) Remove() {
	p.Kill()
	p.client.CloseIdleConnections()
	_ = os.RemoveAll(p.folder) // what is left is in the folder for temporary files
}

func (p *Process) launch() error {
	attributes, err := attributes()
	if err != nil {
		return err
	}
	// The process outlives this call and is ended by a signal, hence no deadline.
	command := exec.CommandContext(context.Background(), filepath.Join(p.home, "bin", string(p.release.Product)), p.arguments()...) //nolint:gosec // what was installed
	command.Dir = p.folder
	command.Env = p.environment()
	// As this is no file, Wait returns when nobody writes to it any more: with the last of
	// the processes that the command starts.
	p.output = &output{}
	command.Stdout, command.Stderr = p.output, p.output
	command.SysProcAttr = attributes
	if err := command.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = command.Wait() // how it ended is in its output
	}()
	p.command, p.exited = command, exited
	return nil
}

func (p *Process) arguments() []string {
	settings := map[string]string{
		"http.port":      strconv.Itoa(p.port),
		"transport.port": "0", // a free one
		"discovery.type": "single-node",
		"network.host":   "127.0.0.1",
		"path.data":      filepath.Join(p.folder, "data"),
		"path.logs":      filepath.Join(p.folder, "logs"),
		// A disk that is nearly full is not what is tested.
		"cluster.routing.allocation.disk.threshold_enabled": "false",
	}
	if p.release.Product == elasticsearch.Elasticsearch {
		settings["xpack.security.enabled"] = strconv.FormatBool(p.options.Security)
	}
	if p.options.Security {
		settings["xpack.security.http.ssl.enabled"] = "true"
		settings["xpack.security.http.ssl.certificate"] = certificateFile
		settings["xpack.security.http.ssl.key"] = keyFile
		settings["xpack.security.http.ssl.certificate_authorities"] = certificateFile
		settings["xpack.security.http.ssl.client_authentication"] = "required"
	}
	for name, value := range p.options.Settings {
		settings[name] = value
	}
	var arguments []string
	for name, value := range settings {
		arguments = append(arguments, "-E"+name+"="+value)
	}
	return arguments
}

func (p *Process) environment() []string {
	java := p.options.Java
	if java == "" {
		java = javaOptions
	}
	variable := "ES_"
	if p.release.Product == elasticsearch.OpenSearch {
		variable = "OPENSEARCH_"
	}
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + p.folder,
		variable + "JAVA_HOME=" + p.java,
		variable + "JAVA_OPTS=" + java,
		variable + "PATH_CONF=" + filepath.Join(p.folder, "config"),
		variable + "TMPDIR=" + filepath.Join(p.folder, "tmp"),
	}
}

// prepare makes the folder of the process.
func (p *Process) prepare(ctx context.Context) error {
	var err error
	if p.java, err = findJava(p.release); err != nil {
		return err
	}
	if p.home, err = install(ctx, p.release); err != nil {
		return err
	}
	removeForgotten(p.release)
	if p.folder, err = os.MkdirTemp("", folderPrefix(p.release)); err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(p.folder, "config"), os.DirFS(filepath.Join(p.home, "config"))); err != nil {
		return err
	}
	if err := dropFilesOfJava(filepath.Join(p.folder, "config", "jvm.options")); err != nil {
		return err
	}
	for _, name := range []string{"data", "logs", "tmp"} {
		if err := os.Mkdir(filepath.Join(p.folder, name), 0o700); err != nil {
			return err
		}
	}
	if p.options.Security {
		if p.tls, err = p.secure(); err != nil {
			return err
		}
	}
	p.client = &http.Client{Transport: &http.Transport{TLSClientConfig: p.tls}, Timeout: 5 * time.Second}
	return handOver(p.folder)
}

func folderPrefix(release Release) string { return "docket-" + release.String() + "-" }

// removeForgotten removes the folders of servers whose tests were killed long ago.
func removeForgotten(release Release) {
	folders, err := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix(release)+"*"))
	if err != nil {
		return // the pattern is none, for which the folder for temporary files is to blame
	}
	for _, folder := range folders {
		if status, err := os.Stat(folder); err == nil && time.Since(status.ModTime()) > longAgo {
			_ = os.RemoveAll(folder)
		}
	}
}

// dropFilesOfJava removes from the options of Java those for files that it would write
// into the folder of the installed server.
func dropFilesOfJava(path string) error {
	content, err := os.ReadFile(path) //nolint:gosec // copied by prepare
	if err != nil {
		return err
	}
	var kept []byte
	for line := range bytes.Lines(content) {
		if !bytes.Contains(line, []byte("-Xlog:")) && !bytes.Contains(line, []byte("-XX:ErrorFile=")) {
			kept = append(kept, line...)
		}
	}
	return os.WriteFile(path, kept, 0o600) //nolint:gosec // the same
}

// wait returns when the server takes requests.
func (p *Process) wait(ctx context.Context) error {
	for {
		err := p.isUp(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			return errEnded
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (p *Process) isUp(ctx context.Context) error {
	health := p.URL().JoinPath("_cluster", "health")
	health.RawQuery = "wait_for_status=yellow&timeout=1s"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, health.String(), nil)
	if err != nil {
		return err
	}
	if p.options.Security {
		request.SetBasicAuth(Username, Password)
	}
	response, err := p.client.Do(request)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers with status %d", response.StatusCode)
	}
	return nil
}

const (
	// firstPort and lastPort are below those that systems give to whoever asks for any port,
	// or connects to one (from 32768 on in Linux, 49152 in others): so nobody takes the port
	// of a server while it is down between two starts.
	firstPort, lastPort = 20000, 31999
	// portAttempts is how many ports are tried before the last error is told.
	portAttempts = 20
)

func freePort(ctx context.Context) (int, error) {
	var config net.ListenConfig
	var err error
	for range portAttempts {
		port := firstPort + rand.IntN(lastPort-firstPort+1) //nolint:gosec // no secret
		var listener net.Listener
		if listener, err = config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, listener.Close()
		}
	}
	return 0, fmt.Errorf("find a free port: %w", err)
}
