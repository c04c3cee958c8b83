"""La base elle-même refuse un échelon d'une autre question : clé étrangère sur deux colonnes, que Django ne sait pas dire."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("diagnostics", "0003_brouillons")]

    operations = [
        migrations.RunSQL(
            "alter table diagnostics_reponse add constraint reponse_echelon_de_sa_question "
            "foreign key (echelon_id, item_id) references diagnostics_echelon (id, item_id)",
            "alter table diagnostics_reponse drop constraint reponse_echelon_de_sa_question",
        )
    ]
