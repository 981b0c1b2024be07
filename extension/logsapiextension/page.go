package logsapiextension

import (
	"net/http"

	"github.com/docketlog/docket/extension/logsapiextension/ui"
)

// addPage adds the web page, below /ui/, and leads people there. Its files are open to
// everybody: they are the same in every Docket, and hold nothing of this one.
func (router *router) addPage(frameAncestors []string) error {
	files, err := ui.New(ui.Files, ui.Options{FrameAncestors: frameAncestors})
	if err != nil {
		return err
	}
	page := func(w http.ResponseWriter, r *http.Request) error {
		if !files.Serve(w, r, r.PathValue("file")) {
			return &problem{status: http.StatusNotFound, code: codeNotFound, detail: "There is nothing at " + clip(r.URL.Path) + "."}
		}
		return nil
	}
	for path, answer := range map[string]endpoint{"/{$}": leadToPage, "/ui": leadToPage, "/ui/{file...}": page} {
		router.mux.Handle(path, router.handler(route{shape: statusShape, methods: map[string]endpoint{http.MethodGet: answer}}))
	}
	return nil
}

// leadToPage redirects to the page. The address is relative, and written as it is where
// http.Redirect would complete it, so that it is right behind a proxy that puts a prefix
// before all paths.
func leadToPage(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Location", "ui/")
	w.WriteHeader(http.StatusFound)
	return nil
}
