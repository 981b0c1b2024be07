// Package requestbody reads the bodies of requests as Django REST framework does,
// which is what clients of PostHog's API are used to. An endpoint declares its
// fields, in their order and with where each one goes:
//
//	err := body.Read([]requestbody.Field{
//		{Name: "name", Required: true, As: requestbody.Text{Into: &view.Name, MaxLength: 400}},
//		{Name: "pinned", As: requestbody.Boolean{Into: &view.Pinned}},
//	})
//
// The first field that is wrong, in the order of the declaration, is the error. A
// field that is not given leaves its target alone, so what a target holds before
// is the default; ReadPartial requires nothing, which is how a PATCH is read. Other
// members of the body are ignored. Rules about several fields are checked by the
// caller afterwards, as the framework does.
//
// Values may be written in another type where nothing is lost: see the kinds.
// Nothing here knows HTTP.
package requestbody
