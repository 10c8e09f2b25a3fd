// A browser starts no worker for pages that are read from disk: there the search's runs in a hidden frame of the page.
if (location.protocol === "file:")
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      this.frame = document.createElement("iframe")
      this.frame.hidden = true
      document.body.append(this.frame)
      const inner = this.frame.contentWindow
      inner.document.open()
      inner.document.close()
      inner.postMessage = data => setTimeout(() => this.dispatchEvent(new MessageEvent("message", { data })))
      const script = inner.document.createElement("script")
      this.started = new Promise(resolve => (script.onload = resolve))
      script.src = new URL(url, location)
      inner.document.documentElement.append(script)
    }

    async postMessage(data) {
      await this.started
      this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data }))
    }

    terminate() {
      this.frame.remove()
    }
  }
