"""Images in a registry, read without pulling them: the manifest, and of the layers only what is asked for.

``images.RegistryImages`` is the way in. Facts: the OCI distribution and image specifications; Docker's token
authentication (distribution/distribution, docs/content/spec/auth) and configuration file.
"""
