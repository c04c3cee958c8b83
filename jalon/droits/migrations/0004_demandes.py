import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("droits", "0003_situation_sans_chevauchement"),
        ("organismes", "0001_initial"),
        ("personnes", "0006_recherche_des_dossiers_ouverts"),
    ]

    operations = [
        migrations.CreateModel(
            name="BrouillonInstruction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("contenu", models.JSONField(default=dict, verbose_name="saisie")),
                ("garde_le", models.DateTimeField(auto_now=True, verbose_name="gardé le")),
                (
                    "agent",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="agent",
                    ),
                ),
            ],
            options={
                "verbose_name": "brouillon de premier contact",
            },
        ),
        migrations.CreateModel(
            name="DemandeInstruction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        unique=True,
                        verbose_name="identifiant public",
                    ),
                ),
                ("depot_le", models.DateField(verbose_name="déposée le")),
                (
                    "situations",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        default=list,
                        size=None,
                        verbose_name="situations déclarées",
                    ),
                ),
                ("reponses", models.JSONField(default=list, verbose_name="réponses au test d'éligibilité")),
                (
                    "resultat",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Test non fait"),
                            ("favorable", "Rien ne s'oppose à la demande"),
                            ("reserve", "À vérifier avec la personne"),
                            ("defavorable", "Une condition semble manquer"),
                        ],
                        max_length=12,
                        verbose_name="résultat indicatif",
                    ),
                ),
                (
                    "soumise",
                    models.BooleanField(null=True, verbose_name="soumise aux droits et devoirs, à première vue"),
                ),
                (
                    "conseil",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        default=list,
                        size=None,
                        verbose_name="catégories proposées",
                    ),
                ),
                (
                    "ecart_motif",
                    models.CharField(blank=True, max_length=120, verbose_name="motif de l'écart à la proposition"),
                ),
                ("ecart_precision", models.CharField(blank=True, max_length=200, verbose_name="précision sur l'écart")),
                (
                    "etat",
                    models.CharField(
                        choices=[
                            ("deposee", "Déposée"),
                            ("pieces_attendues", "Pièces attendues"),
                            ("instruite", "Instruite"),
                            ("transmise", "Transmise à l'organisme payeur"),
                            ("liquidee", "Liquidée"),
                            ("sans_suite", "Sans suite"),
                        ],
                        default="deposee",
                        max_length=20,
                        verbose_name="état",
                    ),
                ),
                ("echeance", models.DateField(verbose_name="complément dû le")),
                ("information_le", models.DateField(null=True, verbose_name="informée de ses droits et devoirs le")),
                ("donnees_le", models.DateField(null=True, verbose_name="données recueillies le")),
                ("complement_le", models.DateField(null=True, verbose_name="complément fait le")),
                ("instruite_le", models.DateField(null=True, verbose_name="instruite le")),
                ("transmise_le", models.DateField(null=True, verbose_name="transmise le")),
                ("caisse", models.CharField(blank=True, max_length=120, verbose_name="organisme payeur")),
                (
                    "numero_demande",
                    models.CharField(blank=True, max_length=22, verbose_name="numéro de demande donné par la caisse"),
                ),
                ("liquidee_le", models.DateField(null=True, verbose_name="liquidée le")),
                ("close_le", models.DateField(null=True, verbose_name="close le")),
                ("motif_sans_suite", models.CharField(blank=True, max_length=120, verbose_name="motif sans suite")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="saisie le"
                    ),
                ),
                (
                    "donnees_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recueillies par",
                    ),
                ),
                (
                    "dossier",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="droits.dossierrsa",
                        verbose_name="dossier ouvert par la caisse",
                    ),
                ),
                (
                    "information_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="informée par",
                    ),
                ),
                (
                    "organisme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organismes.organisme",
                        verbose_name="organisme",
                    ),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="demandes_instruction",
                        to="personnes.personne",
                        verbose_name="personne",
                    ),
                ),
                (
                    "recue_par",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="reçue par",
                    ),
                ),
            ],
            options={
                "verbose_name": "demande d'allocation",
                "ordering": ("-depot_le", "-id"),
                "indexes": [
                    models.Index(fields=["organisme", "etat"], name="demande_organisme"),
                    models.Index(
                        condition=models.Q(("complement_le", None), models.Q(("etat", "sans_suite"), _negated=True)),
                        fields=["echeance"],
                        name="demande_a_completer",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("close_le", None)),
                        fields=("personne",),
                        name="demande_une_seule_ouverte",
                        violation_error_message="Cette personne a déjà une demande en cours.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("close_le", None), models.Q(("etat__in", ["liquidee", "sans_suite"]), _negated=True)
                            ),
                            models.Q(("close_le__isnull", False), ("etat__in", ["liquidee", "sans_suite"])),
                            _connector="OR",
                        ),
                        name="demande_close_a_la_fin",
                        violation_error_message="Une demande est close quand elle est liquidée ou sans suite, et alors seulement.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("etat", "sans_suite"), _negated=True),
                            models.Q(("motif_sans_suite", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="demande_sans_suite_avec_motif",
                        violation_error_message="Une demande sans suite porte un motif.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("information_le", None), ("information_le__gte", models.F("depot_le")), _connector="OR"
                            ),
                            models.Q(("donnees_le", None), ("donnees_le__gte", models.F("depot_le")), _connector="OR"),
                            models.Q(
                                ("instruite_le", None), ("instruite_le__gte", models.F("depot_le")), _connector="OR"
                            ),
                            models.Q(
                                ("transmise_le", None), ("transmise_le__gte", models.F("depot_le")), _connector="OR"
                            ),
                            models.Q(
                                ("liquidee_le", None), ("liquidee_le__gte", models.F("depot_le")), _connector="OR"
                            ),
                        ),
                        name="demande_dates_apres_le_depot",
                        violation_error_message="Une étape ne peut pas précéder le dépôt de la demande.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PieceDemandee",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, verbose_name="code")),
                ("libelle", models.CharField(max_length=120, verbose_name="pièce")),
                ("demandee_le", models.DateField(verbose_name="demandée le")),
                ("recue_le", models.DateField(null=True, verbose_name="reçue le")),
                ("ecartee_le", models.DateField(null=True, verbose_name="inutile depuis le")),
                (
                    "demande",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pieces",
                        to="droits.demandeinstruction",
                        verbose_name="demande",
                    ),
                ),
            ],
            options={
                "verbose_name": "pièce justificative",
                "ordering": ("demande_id", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("demande", "code"),
                        name="piece_demandee_une_fois",
                        violation_error_message="Cette pièce est déjà demandée.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("recue_le", None), ("ecartee_le", None), _connector="OR"),
                        name="piece_recue_ou_ecartee",
                        violation_error_message="Une pièce est reçue ou inutile, pas les deux.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReglageInstruction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("unique", models.BooleanField(default=True, editable=False, unique=True, verbose_name="ligne unique")),
                ("contenu", models.JSONField(verbose_name="contenu du profil")),
            ],
            options={
                "verbose_name": "réglage de l'instruction",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("unique", True)),
                        name="reglage_instruction_ligne_unique",
                        violation_error_message="Le réglage de l'instruction n'a qu'une ligne.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RetourDemande",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("retournee_le", models.DateField(verbose_name="renvoyée le")),
                ("motif", models.CharField(max_length=200, verbose_name="ce qui manque")),
                (
                    "demande",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="retours",
                        to="droits.demandeinstruction",
                        verbose_name="demande",
                    ),
                ),
                (
                    "saisi_par",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="saisi par",
                    ),
                ),
            ],
            options={
                "verbose_name": "retour de l'organisme payeur",
                "ordering": ("-retournee_le", "-id"),
            },
        ),
        migrations.CreateModel(
            name="SimulationDroit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("faite_le", models.DateField(verbose_name="faite le")),
                ("source", models.CharField(max_length=120, verbose_name="outil employé")),
                ("hypothese", models.CharField(max_length=300, verbose_name="hypothèse de reprise d'activité")),
                (
                    "montant",
                    models.DecimalField(decimal_places=2, max_digits=9, verbose_name="droit mensuel simulé (euros)"),
                ),
                (
                    "demande",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="simulations",
                        to="droits.demandeinstruction",
                        verbose_name="demande",
                    ),
                ),
                (
                    "saisie_par",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="saisie par",
                    ),
                ),
            ],
            options={
                "verbose_name": "simulation de droit",
                "ordering": ("-faite_le", "-id"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("montant__gte", 0)),
                        name="simulation_montant_positif",
                        violation_error_message="Le montant simulé ne peut pas être négatif.",
                    )
                ],
            },
        ),
    ]
