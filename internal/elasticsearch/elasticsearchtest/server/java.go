package server

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// javaFolders is where systems keep their Java versions.
const javaFolders = "/usr/lib/jvm/*"

// findJava returns the home of the newest Java that runs the release: of $JAVA_HOME and
// those that are installed.
func findJava(release Release) (string, error) {
	installed, err := filepath.Glob(javaFolders)
	if err != nil {
		return "", fmt.Errorf("look for Java: %w", err)
	}
	oldest, newest := release.javaVersions()
	found, highest := "", 0
	for _, home := range append([]string{os.Getenv("JAVA_HOME")}, installed...) {
		if version := javaVersion(home); version >= oldest && version <= newest && version > highest {
			found, highest = home, version
		}
	}
	if found == "" {
		return "", fmt.Errorf("no Java from %d to %d is in $JAVA_HOME or %s, and %s needs one", oldest, newest, javaFolders, release)
	}
	return found, nil
}

// javaVersion returns the major version of the Java in a folder, 0 if there is none.
func javaVersion(home string) int {
	if home == "" {
		return 0
	}
	content, err := os.ReadFile(filepath.Join(home, "release")) //nolint:gosec // where Java keeps it
	if err != nil {
		return 0
	}
	if _, err := os.Stat(filepath.Join(home, "bin", "java")); err != nil { //nolint:gosec // the same
		return 0
	}
	match := regexp.MustCompile(`(?m)^JAVA_VERSION="(\d+)`).FindSubmatch(content)
	if match == nil {
		return 0
	}
	version, _ := strconv.Atoi(string(match[1])) // 0 is an answer
	return version
}
