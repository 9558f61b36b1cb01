# A pod that runs one command of glidepath on the store of glidepath.yaml while the StatefulSet is scaled to 0, such as `restore`.
#
# Fill in      nothing; the last words are the command's
# Start        kubectl -n glidepath scale statefulset/glidepath --replicas=0
#              kubectl -n glidepath wait --for=delete pod/glidepath-0
#              kubectl -n glidepath get statefulset/glidepath -o json | jq -f command.jq --args restore | kubectl -n glidepath apply -f -
# Look         kubectl -n glidepath logs -f glidepath-command
# Stop, take away: kubectl -n glidepath delete pod/glidepath-command; then scale to 1 again. The store stays.
{
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "glidepath-command" },
  spec: (
    .spec.template.spec
    | .restartPolicy = "Never"
    | .volumes += [
        { name: "store", persistentVolumeClaim: { claimName: "store-glidepath-0" } },
        { name: "backups", persistentVolumeClaim: { claimName: "backups-glidepath-0" } }
      ]
    | .containers[0] |= (del(.startupProbe, .livenessProbe, .readinessProbe) | .args = $ARGS.positional)
  )
}
