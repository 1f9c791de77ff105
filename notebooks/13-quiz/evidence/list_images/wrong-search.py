# shows: the registry's images are the engine's
# told: searches a registry
list_images = quiz.short(
    "list_images",
    "Which docker command lists the images that your engine has? Type the whole command.",
)
list_images.answer("docker search")
list_images
