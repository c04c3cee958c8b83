"""L'historique des comptes s'écrit par déclencheur ; le rôle web ne le lit pas."""

from jalon.socle import rls

rls.close("agents_agentevent")
rls.close("agents_affectationevent")
